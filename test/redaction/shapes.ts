/** Places in which secrets are sent, each with its secret between « and »: what stands there may be in no file. */

const HEX = '9f8e7d6c5b4a39281706f5e4d3c2b1a0'
const LONG = 'Zx81Kq02Lm93Np74Rs65Tu56Vw47Xy38Ab29Cd10'
const PART = (name: string, value: string, more = '') =>
  `--b0\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n«${value}»\r\n--b0--\r\n`

/** Targets of requests. */
export const PATHS: readonly string[] = [
  '/p?password=«hunter2-p01»&a=1',
  '/p?a=1&access_token=«hunter2-p02»',
  '/p?refreshToken=«hunter2-p03»&b=2',
  '/p?client_secret=«hunter2-p04,and-more»&b=2',
  '/p?X-Amz-Signature=«hunter2-p05»&X-Amz-Date=1',
  '/p?api_key=«hunter2-p06»',
  '/p?apikey=«hunter2-p07»#top',
  '/p?api.key=«hunter2-p08»',
  '/p?user[password]=«hunter2-p09»',
  '/p?user%5Bpassword%5D=«hunter2-p10»',
  '/p?user[password][]=«hunter2-p11»',
  '/p?%70assword=«hunter2-p12»',
  '/p?pass%77ord=«hunter2-p13»',
  '/p?%2570assword=«hunter2-p14»',
  '/p?tokenValue=«hunter2-p15»',
  '/p?my_secret_1=«hunter2-p16»',
  '/p?sig=«hunter2-p17%2B»&se=1',
  '/callback?code=«4/0AX4XfWh-p18»&state=«af0ifjsldkj-p18»',
  '/cb?state=«xyzABC123456-p19»&code=«SplxlOBeZQQYbYS6WxSbIA»',
  '/p?api%2Dkey=«hunter2-p41»',
  '/p?auth=«hunter2p42»',
  '/p?bearer=«hunter2-p43»',
  '/x?code=«d3b07384d113edec49ea»',
  '/authorize?client_id=shop&state=«hunter2-p21»&response_type=code',
  '/p?next=%2Fb%3Faccess_token%3D«hunter2-p22»%26x%3D1',
  '/p?next=%252Fb%253Ftoken%253D«hunter2-p23»%2526x',
  `/p?q=«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwMjQifQ.hunter2p24»`,
  '/p/«AKIAIOSFODNN7EXAMP25»/x',
  '/p?u=https://bob:«hunter2-p26»@h/',
  '/p?u=https://«hunter2p27tok»@h/',
  `/bot123456789:«AAF-${LONG.slice(0, 32)}»/sendMessage`,
  `/services/T0AB12CD/B0AB12CD/«${LONG.slice(0, 24)}»`,
  `/reset-password/«${HEX}»`,
  '/p?PHPSESSID=«hunter2-p31»',
  '/p?csrf_token=«hunter2-p32»',
  `/p?key=«${HEX.slice(0, 24)}»`,
  '/p?otp=«918273»',
  '/p?SAMLResponse=«PHNhbWxwOlJlc3Bvbn-p35»',
  '/p?oauth_consumer_key=«hunter2-p36»&oauth_signature=«hunter2p36b»',
  '/p?a=1;pwd=«hunter2-p37»;b=2',
  '/p?dbPass=«hunter2-p38»',
  '/cas?ticket=«ST-1856339-aA5Yuvrxzpv8Tau1cYQ7»',
  '/p?token=«1234567890123456»',
]

/** Header fields, of requests as well as of responses. */
export const HEADERS: readonly string[] = [
  'Authorization: Bearer «hunter2-h01»',
  'Proxy-Authorization: Basic «aHVudGVyMi1oMDI6eA==»',
  'Cookie: sid=«hunter2-h03»; theme=dark',
  'Set-Cookie: sid=«hunter2-h04»; Path=/',
  'X-Api-Key: «hunter2-h05»',
  'X-Auth-Token: «hunter2-h06»',
  'X-Hub-Signature-256: «sha256=hunter2h07»',
  'X-Amz-Security-Token: «hunter2-h08»',
  'X-CSRF-Token: «hunter2-h09»',
  'Ocp-Apim-Subscription-Key: «hunter2-h10»',
  'X-Functions-Key: «hunter2-h11»',
  'Private-Token: «hunter2-h12»',
  'X-Shop-Client-Secret-Next: «hunter2-h13»',
  'X-Db-Password-Old: «hunter2-h14»',
  'Location: https://app/cb#access_token=«hunter2-h15»&token_type=bearer',
  'Location: /cb?code=«hunter2h16code»&state=«hunter2h16state»',
  'Referer: https://shop/reset?resetToken=«hunter2-h17»',
  'Referer: https://bob:«hunter2-h18»@shop/',
  'X-Forwarded-Authorization: «hunter2-h19»',
  'X-Original-Url: /p?api-key=«hunter2-h20»',
  `X-Trace: «ghp_${LONG}»`,
  'X-Jwt-Assertion: «hunter2-h22»',
  'X-Debug: {"password":"«hunter2-h23»"}',
  'Link: <https://a/p?token=«hunter2-h24»>; rel=next',
  'X-Session-Id: «hunter2-h25»',
  'X-Auth: «hunter2-h28»',

  'Sec-WebSocket-Protocol: v1, «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJoMjYifQ.hunter2h26»',
  'X-Custom: Basic «aHVudGVyMi1oMjc6cHc=»',
]

const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'

/** Private keys, whatever stands in front of them and however they are escaped. */
const KEYS: readonly (readonly [type: string, content: string])[] = [
  [
    'text/plain',
    '-----END CERTIFICATE----------BEGIN PRIVATE KEY-----\n«MIIEvQIBADANBg»\n-----END PRIVATE KEY-----\n',
  ],
  ['text/plain', 'x-----BEGIN RSA PRIVATE KEY-----\n«MIIEvQIBADANBg»\n-----END RSA PRIVATE KEY-----'],
  ['text/plain', 'a_-----BEGIN PRIVATE KEY-----\n«MIIEvQIBADANBg»'],
  [FORM_TYPE, 'b=-----BEGIN%20PRIVATE%20KEY-----%0A«MIIEvQ%2F%2B»%0A«sdkjfhsk»%0A-----END%20PRIVATE%20KEY-----%0A&a=1'],
  [FORM_TYPE, 'b=-----BEGIN+EC+PRIVATE+KEY-----%0D%0A«MIIEvQ%2F%2B»%0D%0A-----END+EC+PRIVATE+KEY-----&a=1'],
  [FORM_TYPE, 'b=%2D%2D%2D%2D%2DBEGIN%20PRIVATE%20KEY%2D%2D%2D%2D%2D%0A«MIIEvQIBAD»%0A%2D%2D&a=1'],
  [FORM_TYPE, 'b=-----BEGIN%2520PRIVATE%2520KEY-----%250A«MIIEvQIBAD»%250A-----END%2520PRIVATE%2520KEY-----'],
  ['text/plain', '---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n«P2/56wAAAi4»\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\n'],
  ['text/plain', 'PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n«AAAAIDabcdefghijkl»\nPrivate-MAC: 01\n'],
  ['application/json', '{"ppk":"Private-Lines: 1\\r\\n«AAAAIDabcdefghijkl»\\r\\nPrivate-MAC: 01\\r\\n"}'],
  ['application/json', '{"kty":"EC","crv":"P-256","x":"MKBCTN","d":"«870MB6gfuTJ4HtUnUvYMy»"}'],
  ['application/json', '{"kty":"RSA","d":"«X4cTteJY_gn4FY»","p":"«83i-7IvMGXoMX»","dp":"«G4sPXkc6Ya9y8oJW»"}'],
  ['application/json', '{"jwk":"{\\"k\\":\\"«AyM1SysPpbyDfgZ»\\",\\"kty\\":\\"oct\\"}"}'],
  ['text/plain', '«EAAAEOuLQObrVwJvCvoio3H13b8Ssqz1ighmTBKZvIENW9qxirHGHkqsGcPBC1uN»'],
  ['text/plain', 'seed «SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY»'],
]
/** Kubernetes objects of kind Secret, whose keys announce nothing. */
const SECRET_OBJECTS: readonly (readonly [type: string, content: string])[] = [
  [
    JSON_TYPE,
    '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"db"},"data":{"a.txt":"«aHVudGVyMi1iNjU=»","b":"«aHVudGVyMg==»"},"type":"Opaque"}',
  ],
  [
    JSON_TYPE,
    '{"apiVersion":"v1","data":{"dsn":"«aHVudGVyMi1iNjY=»"},"kind":"Secret","metadata":{"name":"db"}}',
  ],
  [
    JSON_TYPE,
    '{\n  "kind": "SecretList",\n  "items": [\n    {\n      "data": {\n        "a": "«aHVudGVyMi1iNjc=»",\n        "b": null,\n        "c": "«aHVudGVyMi1iNjcy»"\n      }\n    },\n    { "data": { "d": "«aHVudGVyMi1iNjcz»" } }\n  ]\n}',
  ],
  [
    JSON_TYPE,
    '{"type":"ADDED","object":{"kind":"Secret","stringData":{"conf":"«hunter2-b68 \\"and\\" more»"}}}',
  ],
  [
    JSON_TYPE,
    '{"last-applied":"{\\"apiVersion\\":\\"v1\\",\\"data\\":{\\"a\\":\\"«aHVudGVyMi1iNjk=»\\"},\\"kind\\":\\"Secret\\"}"}',
  ],
  [
    'application/apply-patch+yaml',
    'apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  a: «aHVudGVyMi1iODc=»\n  "b.txt": «aHVudGVyMi1iODg=»\nstringData:\n  conf: |\n    «hunter2-b89»\n      «hunter2-b90»\ntype: Opaque\n',
  ],
  ['application/yaml', 'apiVersion: v1\ndata:\n  a: «aHVudGVyMi1iOTE=»\nkind: Secret\n'],
]

/** Reason phrases of responses. */
export const REASONS: readonly string[] = [
  'Moved to /p?access_token=«hunter2-r01»',
  'bad password=«hunter2-r02»',
  'Not AKIA «AKIAIOSFODNN7EXAMR03»',
  'see https://bob:«hunter2-r04»@h/',
  'Bearer «hunter2-r05-x1y2z3» refused',
]

/** Content type, content. */
export const BODIES: readonly (readonly [type: string, content: string])[] = [
  ['application/json', '{"user":"bob","password":"«hunter2-b01 with \\" and more»"}'],
  ['application/json', '{\n  "apiKey" : "«hunter2-b02»",\n  "a": 1\n}'],
  ['application/json', '{"access_token":"«hunter2-b03»","token_type":"Bearer","expires_in":3600}'],
  ['application/json', '{"user":{"newPassword":"«hunter2-b04»"}}'],
  ['application/json', '{"body":"{\\"client_secret\\":\\"«hunter2-b05»\\",\\"a\\":1}"}'],
  ['application/json', '{"b":"{\\"c\\":\\"{\\\\\\"secret\\\\\\":\\\\\\"«hunter2-b06»\\\\\\"}\\"}"}'],
  ['application/json', '{"pin":«918274»,"a":1}'],
  ['application/json', '{"tokens":["«hunter2-b08»","«hunter2-b08b»"],"a":1}'],
  ['application/json', '{"env":[{"name":"DB_PASSWORD","value":"«hunter2-b09»"}]}'],
  ['application/json', '{"q":"mutation { login(user: \\"bob\\", password: \\"«hunter2-b10»\\") { id } }"}'],
  [
    'application/json',
    '{"query":"mutation($password: String!){x}","variables":{"password":"«hunter2-b11»"}}',
  ],
  ['application/graphql', 'mutation { login(user: "bob", password: "«hunter2-b12»") { token } }'],
  ['application/json', '{"grant_type":"authorization_code","code":"«hunter2-b13»","redirect_uri":"x"}'],
  ['application/json', `{"note":"use «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJiMTQifQ.hunter2b14» now"}`],
  [
    'application/json',
    `{"key":"-----BEGIN RSA PRIVATE KEY-----\\n«MIIEowIBAAKCAQEAb15hunter2»\\n-----END RSA PRIVATE KEY-----\\n"}`,
  ],
  [
    'text/plain',
    '-----BEGIN OPENSSH PRIVATE KEY-----\n«b3BlbnNzaC1rZXktb16hunter2»\n-----END OPENSSH PRIVATE KEY-----\n',
  ],
  ['application/json', '{"url":"postgres://shop:«hunter2-b17»@db:5432/shop"}'],
  ['application/json', '{"dsn":"shop:«hunter2-b18»@tcp(db:3306)/shop"}'],
  ['application/x-www-form-urlencoded', 'user=bob&password=«hunter2-b19,x»&a=1'],
  ['application/x-www-form-urlencoded', 'grant_type=authorization_code&code=«hunter2-b20»&client_id=shop'],
  ['application/x-www-form-urlencoded', 'a=1&user%5Bpass%77ord%5D=«hunter2-b21»'],
  ['application/x-www-form-urlencoded', "a=1&pwd=«it's-hunter2-b22»&b=2"],
  ['multipart/form-data; boundary=b0', PART('password', 'hunter2-b23')],
  [
    'multipart/form-data; boundary=b0',
    PART('api_key', 'hunter2-b24\r\nsecond-line', '\r\nContent-Type: text/plain'),
  ],
  ['text/xml', '<login><user>bob</user><password>«hunter2-b25»</password></login>'],
  ['text/xml', '<wsse:Password Type="#PasswordText">«hunter2-b26»</wsse:Password>'],
  ['text/xml', '<user name="bob" password="«hunter2-b27»"/>'],
  ['text/xml', '<secret><![CDATA[«hunter2-b28»]]></secret>'],
  ['text/xml', '<add name="DbPassword" value="«hunter2-b29»"/>'],
  ['application/yaml', 'db:\n  user: shop\n  password: «hunter2-b30 more words»\n  port: 1\n'],
  ['text/plain', 'DB_USER=shop\nDB_PASSWORD=«hunter2-b31»\nPORT=80\n'],
  ['text/plain', 'export API_TOKEN="«hunter2-b32 x»"\n'],
  ['text/plain', 'curl -H "Authorization: Bearer «hunter2-b33»" http://a/'],
  ['text/plain', 'GET / HTTP/1.1\nCookie: a=«hunter2-b34»; b=«hunter2-b34b»\n'],
  [
    'text/plain',
    `webhook «https://hooks.slack.com/services/T0AB12CD/B0AB12CD/»«${LONG.slice(0, 24)}»`
      .replace('«https', 'https')
      .replace('/»«', '/«'),
  ],
  ['text/plain', `key «sk-proj-${LONG}» is new`],
  ['text/plain', `«sk_live_${LONG.slice(0, 24)}»`],
  ['text/plain', `«xoxb-123456789012-${LONG.slice(0, 20)}»`],
  ['text/plain', `«glpat-${LONG.slice(0, 20)}»`],
  ['text/plain', `«AIza${LONG.slice(0, 35)}»`],
  ['text/plain', `«npm_${LONG.slice(0, 36)}» and «hvs.${LONG.slice(0, 28)}»`],
  ['text/plain', `«SG.${LONG.slice(0, 22)}.${LONG}»`],
  ['text/plain', `«dop_v1_${HEX}${HEX}»`],
  ['text/plain', `«github_pat_${LONG}»`],
  ['text/plain', `root:«$6$saltsalt$${LONG}»:19000:0`],
  ['text/plain', `«GOCSPX-${LONG.slice(0, 28)}» «ya29.${LONG}»`],
  ['application/json', '{"AccountKey":"«hunter2-b47==»","SharedAccessSignature":"«hunter2-b47b»"}'],
  ['application/json', '{"private_key_id":1,"privateKey":"«hunter2-b48»"}'],
  ['application/json', "{'password': '«hunter2-b49»'}"],
  ['application/json', '{"connectionString":"«Server=db;Pwd=hunter2b50»"}'],
  ['application/json', '{"sql":"ALTER USER bob WITH PASSWORD \'«hunter2-b51»\'"}'],
  ['text/plain', "CREATE USER bob IDENTIFIED BY '«hunter2-b52»';"],
  ['application/json', '{"cmd":"mysql --password «hunter2-b53» shop"}'],
  ['application/json', '{"args":["--token","«hunter2-b54»","-v"]}'],
  ['application/yaml', 'password: |\n  «hunter2-b55\n  more-b55»\nport: 1\n'],
  ['application/octet-stream', '\u0001\bpassword\u0001\u0007«hunter2-b56»\u0000'],
  ['application/x-www-form-urlencoded', 'json=%7B%22password%22%3A%22«hunter2-b57»%22%7D'],
  ['application/json', '{"password":"«$ecret57hunter»"}'],
  ['application/json', '{"token":«482913057»}'],
  ['text/plain', '[mysql]\npwd = «hunter2-b60»\n'],
  ['application/json', '{"recovery_codes":["«hunter2-b61»"],"deviceCode":"«hunter2-b62»"}'],
  ['application/json', '{"p\\u0061ssword":"«hunter2-b63»"}'],
  ['application/json', '{"password":{"value":"«hunter2-b64»"}}'],
  ...SECRET_OBJECTS,
  ...KEYS,
  ['text/plain', 'machine git.example.org login bob password «hunter2-b70»\nmachine b login c'],
  ['text/plain', 'machine git.example.org\n  login bob\n  password «hunter2-b71»\n'],
  ['text/plain', 'default login bob password «hunter2-b72»'],
  ['application/json', '{".netrc":"machine a\\n\\tlogin bob\\n\\tpassword «hunter2-b73»\\nmachine b"}'],
  ['application/json', '[["user","bob"],["password","«hunter2-b74»"],["a",1]]'],
  ['application/json', '["token", "«hunter2-b75»"]'],
  ['application/json', '{"headers":[["Cookie","a=«hunter2-b76»; b=c"],["Accept","*/*"]]}'],
  ['application/json', '{"pair":["api_key","«hunter2-b77»"]}'],
  ['application/json', '{"text":"[[\\"password\\",\\"«hunter2-b78»\\"]]"}'],
  ['application/x-www-form-urlencoded', 'f[0][name]=password&f[0][value]=«hunter2-b79»&f[1][name]=a'],
  ['application/x-www-form-urlencoded', 'f%5B0%5D%5Bkey%5D=api_token&f%5B0%5D%5Bvalue%5D=«hunter2-b80»&a=1'],
  ['application/yaml', 'env:\n- name: DB_PASSWORD\n  value: «hunter2-b81»\n- name: PORT\n  value: "80"\n'],
  ['text/x-python', 'import a\ndef f(x):\n    return g(password="«hunter2-b82»")\n'],
  ['text/x-python', 'import a\npassword = "«hunter2-b83»"\nprint(password)\n'],
  ['text/x-go', 'package a\nfunc f() {\n\ttoken := "«hunter2-b84»"\n\treturn\n}\n'],
  ['text/javascript', 'import a from "b"\nconst apiKey = `«hunter2-b85»`\nexport { apiKey }\n'],
  ['text/x-python', 'import a\npassword = «hunter2b91»\nreturn f(password)\nif x:\n'],
  [
    'text/plain',
    'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    return g(x)\n    raise E("a")\nE: bob, password: «hunter»\n',
  ],
  [
    'text/plain',
    'return f(x);\nif (y) {\nE: login password: «hunter»\n\tat a.b.C.d(C.java:12)\n\tat a.b.E.f(E.java:3)\n',
  ],
  [
    'application/yaml',
    'data:\n  a.js: |\n    import a from "b"\n    const c = f(1);\n    return c;\n  password: «correcthorse»\n',
  ],
  ['text/x-shellscript', '#!/bin/sh\nif a; then\nPASSWORD=«hunter2b86»\nfi\nreturn 1;\n'],
]

/** Arguments, between bars. */
export const COMMANDS: readonly string[] = [
  'app|--password|«hunter2-c01»',
  'app|--db-password=«hunter2-c02 and words»',
  'app|--token-value=«hunter2-c03»',
  'curl|-H|Authorization: Bearer «hunter2-c04»|http://a/',
  'curl|-H|X-My-Secret-Thing: «hunter2-c05»|http://a/',
  'curl|-u|bob:«hunter2-c06»|http://a/',
  'curl|http://bob:«hunter2-c07»@a/?access_token=«hunter2-c07b»',
  'curl|-d|{"password":"«hunter2-c08»"}|http://a/',
  'env|DB_PASSWORD=«hunter2-c09»|app',
  'sh|-c|API_TOKEN=«hunter2-c10» exec app --secret "«hunter2-c10 b»"',
  'mysql|-p«hunter2-c11»',
  'mosquitto_passwd|-b|/etc/pw|bob|«hunter2-c12»',
  'htpasswd|-b|/etc/pw|bob|«hunter2-c13»',
  'git|clone|https://«hunter2c14token»@github.com/a/b',
  'app|«AKIAIOSFODNN7EXAMC15»',
  'psql|postgres://bob:«hunter2-c16»@db/shop',
  'java|-Dspring.datasource.password=«hunter2-c17»|-jar|a.jar',
  'redis-cli|-a|«hunter2-c18»|ping',
  'app|--env=JWT_SIGNING_KEY=«hunter2-c19»',
  'vault|login|«hunter2-c20»',
]

export const plain = (marked: string): string => marked.replace(/[«»]/g, '')
export const secretsIn = (marked: string): string[] =>
  [...marked.matchAll(/«([^»]*)»/g)].map(([, secret]) => secret!)
