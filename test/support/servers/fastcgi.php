<?php
// What an application does that its web server sees: statuses, cookies, errors, contents of any size. `do` says which.
header('Set-Cookie: session=hunter2');
switch ($_GET['do'] ?? '') {
    case 'teapot':
        http_response_code(418);
        echo 'short and stout';
        break;
    case 'redirect':
        header('Location: /elsewhere');
        break;
    case 'warn':
        error_log('the kettle is empty');
        echo 'warned';
        break;
    case 'large':
        echo str_repeat('0123456789', 40_000);
        break;
    case 'fail':
        http_response_code(500);
        throw new RuntimeException('no water');
    default:
        header('Content-Type: application/json');
        echo json_encode(['received' => strlen(file_get_contents('php://input')), 'method' => $_SERVER['REQUEST_METHOD']]);
}
