import { expect, test } from 'bun:test'
import { redactArguments } from '../../../src/metadata/command/secrets'
import { argumentsOf } from '../../../src/metadata/command/words'
import { cpuMs } from '../../support/cpu-time'

/** Arguments are written with `|` between them; `s3cr3t` (with whatever is around it in one word) may not be left. */
const CASES: readonly (readonly [command: string, safe: string])[] = [
  ['app|--password=s3cr3t', 'app|--password=[redacted]'],
  ['app|--password|s3cr3t|--port|80', 'app|--password|[redacted]|--port|80'],
  ['app|--password|my s3cr3t words', 'app|--password|[redacted]'],
  ['app|--db-password=my s3cr3t words', 'app|--db-password=[redacted]'],
  ['app|-password|s3cr3t', 'app|-password|[redacted]'],
  ['app|--auth|--token|s3cr3t', 'app|--auth|--token|[redacted]'],
  ['app|--api-key=s3cr3t|--apiKey|s3cr3t', 'app|--api-key=[redacted]|--apiKey|[redacted]'],
  [
    'java|-Dspring.datasource.password=s3cr3t|-jar|a.jar',
    'java|-Dspring.datasource.password=[redacted]|-jar|a.jar',
  ],
  ['env|AWS_SECRET_ACCESS_KEY=s3cr3t|aws|s3|ls', 'env|AWS_SECRET_ACCESS_KEY=[redacted]|aws|s3|ls'],
  ['redis-server|--requirepass|s3cr3t', 'redis-server|--requirepass|[redacted]'],
  ['redis-cli|-a|s3cr3t|ping', 'redis-cli|-a|[redacted]|ping'],
  ['mysql|-uroot|-ps3cr3t|shop', 'mysql|-uroot|-p[redacted]|shop'],
  ['mysql|-u|root|-p|shop', 'mysql|-u|root|-p|shop'],
  ['/usr/bin/mysqldump|-ps3cr3t', '/usr/bin/mysqldump|-p[redacted]'],
  ['sshpass|-p|s3cr3t|ssh|host', 'sshpass|-p|[redacted]|ssh|host'],
  ['docker|login|-u|bob|-p|s3cr3t', 'docker|login|-u|bob|-p|[redacted]'],
  ['docker|run|-p|80:80|nginx', 'docker|run|-p|80:80|nginx'],
  ['curl|-u|bob:s3cr3t|http://a/', 'curl|-u|bob:[redacted]|http://a/'],
  ['curl|-ubob:s3cr3t|http://a/', 'curl|-ubob:[redacted]|http://a/'],
  ['curl|-H|Authorization: Bearer s3cr3t.abc|http://a/', 'curl|-H|Authorization: [redacted]|http://a/'],
  ['curl|-HX-Api-Key: s3cr3t|http://a/', 'curl|-HX-Api-Key: [redacted]|http://a/'],
  ['curl|-b|sid=s3cr3t|http://a/', 'curl|-b|[redacted]|http://a/'],
  [
    'curl|-d|{"user":"bob","password":"s3cr3t"}|http://a/',
    'curl|-d|{"user":"bob","password":"[redacted]"}|http://a/',
  ],
  ['curl|http://a/?q=1&access_token=s3cr3t&r=2', 'curl|http://a/?q=1&access_token=[redacted]&r=2'],
  ['psql|postgres://bob:s3cr3t@db:5432/shop', 'psql|postgres://bob:[redacted]@db:5432/shop'],
  ['psql|host=db password=s3cr3t user=bob', 'psql|host=db password=[redacted] user=bob'],
  ['app|--db|bob:s3cr3t@db:3306', 'app|--db|bob:[redacted]@db:3306'],
  [
    'git|clone|https://ghp_s3cr3ts3cr3ts3cr3ts3cr3t@github.com/a/b',
    'git|clone|https://[redacted]@github.com/a/b',
  ],
  ['app|eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzM2NyM3QifQ.s3cr3t', 'app|[redacted]'],
  [
    'git|clone|https://s3cr3ts3cr3ts3cr3ts3cr3t@git.example.com/a',
    'git|clone|https://[redacted]@git.example.com/a',
  ],
  ['tailscale|up|--auth-key=s3cr3t', 'tailscale|up|--auth-key=[redacted]'],
  ['curl|https://a.blob/x?sv=1&sig=s3cr3t%2B&se=2', 'curl|https://a.blob/x?sv=1&sig=[redacted]&se=2'],
  [
    'curl|https://a/x?X-Amz-Signature=s3cr3t&X-Amz-Date=1',
    'curl|https://a/x?X-Amz-Signature=[redacted]&X-Amz-Date=1',
  ],
  ['app|AKIAIOSFODNN7EXAMPLE', 'app|[redacted]'],
  ['app|sk_live_s3cr3ts3cr3t', 'app|[redacted]'],
  ['sh|-c|mysql -uroot -ps3cr3t shop', 'sh|-c|mysql -uroot -p[redacted] shop'],
  ['sh|-c|exec app --token "s3cr3t words" --port 80', 'sh|-c|exec app --token "[redacted]" --port 80'],
  ["bash|-c|ssh host 'mysql -ps3cr3t'", "bash|-c|ssh host 'mysql -p[redacted]'"],
  ['sh|-c|PGPASSWORD=s3cr3t psql -h db', 'sh|-c|PGPASSWORD=[redacted] psql -h db'],
  ['timeout|5|curl|-u|bob:s3cr3t|http://a/', 'timeout|5|curl|-u|bob:[redacted]|http://a/'],
  ['sqlplus|scott/s3cr3t@orcl', 'sqlplus|scott/[redacted]@orcl'],
  ['openssl|rsa|-passin|pass:s3cr3t', 'openssl|rsa|-passin|pass:[redacted]'],
  ['ldapsearch|-x|-w|s3cr3t|-H|ldap://a', 'ldapsearch|-x|-w|[redacted]|-H|ldap://a'],
  ['smbclient|-U|bob%s3cr3t|//a/b', 'smbclient|-U|bob%[redacted]|//a/b'],
  ['worker: job for bob --password s3cr3t', 'worker: job for bob --password [redacted]'],
  // A value is looked at in the same way wherever it stands: behind `=`, behind the letter of a flag, behind switches.
  ['wget|--header=Authorization: Basic s3cr3t', 'wget|--header=Authorization: [redacted]'],
  ['wget|--header=Authorization: Custom a s3cr3t', 'wget|--header=Authorization: [redacted]'],
  ['curl|--header=Cookie: sid=1; b=s3cr3t|http://a/', 'curl|--header=Cookie: [redacted]|http://a/'],
  ['curl|-HCookie: s3cr3t|http://a/', 'curl|-HCookie: [redacted]|http://a/'],
  ['curl|-sSHCookie:s3cr3t', 'curl|-sSHCookie:[redacted]'],
  ['curl|-HAuthorization: s3cr3t', 'curl|-HAuthorization: [redacted]'],
  ['curl|-H|Set-Cookie2: s3cr3t', 'curl|-H|Set-Cookie2: [redacted]'],
  ['curl|--user=a:s3cr3t', 'curl|--user=a:[redacted]'],
  ['curl|--proxy-user=a:s3cr3t words', 'curl|--proxy-user=a:[redacted]'],
  ['curl|--cookie=sid=s3cr3t', 'curl|--cookie=[redacted]'],
  ['curl|-sSu|a:s3cr3t|http://a/', 'curl|-sSu|a:[redacted]|http://a/'],
  ['curl|-sSua:s3cr3t|http://a/', 'curl|-sSua:[redacted]|http://a/'],
  ['curl|-ua:my s3cr3t', 'curl|-ua:[redacted]'],
  ['curl|-fsSLb|sid=s3cr3t', 'curl|-fsSLb|[redacted]'],
  ['curl|-E|me.pem:s3cr3t', 'curl|-E|me.pem:[redacted]'],
  ['mysql|-Bps3cr3t|shop', 'mysql|-Bp[redacted]|shop'],
  ['ldapsearch|-xLLLw|s3cr3t', 'ldapsearch|-xLLLw|[redacted]'],
  ['zip|-rP|s3cr3t|a.zip|dir', 'zip|-rP|[redacted]|a.zip|dir'],
  ['openssl|enc|-aes-256-cbc|-K|s3cr3t|-iv|0', 'openssl|enc|-aes-256-cbc|-K|[redacted]|-iv|0'],
  ['openssl|enc|-k|s3cr3t|-in|a', 'openssl|enc|-k|[redacted]|-in|a'],
  ['openssl|dgst|-hmac|s3cr3t|a', 'openssl|dgst|-hmac|[redacted]|a'],
  ['psql|--set=pw=s3cr3t', 'psql|--set=pw=[redacted]'],
  ['psql|--set=pw=my s3cr3t', 'psql|--set=pw=[redacted]'],
  ['psql|-v|pw=s3cr3t|-vpw=s3cr3t', 'psql|-v|pw=[redacted]|-vpw=[redacted]'],
  ['plink|-pw|s3cr3t|host', 'plink|-pw|[redacted]|host'],
  ['docker|run|-e|DB_PASSWORD=my s3cr3t|app', 'docker|run|-e|DB_PASSWORD=[redacted]|app'],
  ['docker|run|--env=DB_PASSWORD=my s3cr3t', 'docker|run|--env=DB_PASSWORD=[redacted]'],
  ['app|--run=mysql -uroot -ps3cr3t shop', 'app|--run=mysql -uroot -p[redacted] shop'],
  ['app|--db=bob:s3cr3t@db:3306', 'app|--db=bob:[redacted]@db:3306'],
  [
    "sh|-c|curl --header='Cookie: s3cr3t' -sSu 'a:s3cr3t' http://a/",
    "sh|-c|curl --header='Cookie: [redacted]' -sSu 'a:[redacted]' http://a/",
  ],
  ['htpasswd|-b|/etc/pw|bob|s3cr3t', 'htpasswd|-b|/etc/pw|[redacted]|[redacted]'],
  ['htpasswd|-nbB|bob|s3cr3t', 'htpasswd|-nbB|bob|[redacted]'],
  ['htpasswd|-n|-b|bob|s3cr3t', 'htpasswd|-n|-b|bob|[redacted]'],
  ['mosquitto_passwd|-b|/etc/pw|bob|s3cr3t', 'mosquitto_passwd|-b|/etc/pw|bob|[redacted]'],
  ['mosquitto_passwd|-c|-b|/etc/pw|bob|s3cr3t', 'mosquitto_passwd|-c|-b|/etc/pw|bob|[redacted]'],
  ['sh|-c|htpasswd -bc /etc/pw bob s3cr3t', 'sh|-c|htpasswd -bc /etc/pw [redacted] [redacted]'],
  ['rabbitmqctl|-n|rabbit@a|add_user|bob|s3cr3t', 'rabbitmqctl|-n|rabbit@a|add_user|bob|[redacted]'],
  ['vault|login|s3cr3t', 'vault|login|[redacted]'],
  ['redis-cli|-h|db|AUTH|bob|s3cr3t', 'redis-cli|-h|db|AUTH|[redacted]|[redacted]'],
  ['redis-cli|config|set|requirepass|s3cr3t', 'redis-cli|config|set|requirepass|[redacted]'],
  ['openssl|passwd|-6|s3cr3t', 'openssl|passwd|-6|[redacted]'],
  ['wpa_passphrase|home|s3cr3t', 'wpa_passphrase|home|[redacted]'],
  ['mc|alias|set|a|http://a|s3cr3t1|s3cr3t2', 'mc|alias|set|a|http://a|[redacted]|[redacted]'],
  ['nmcli|dev|wifi|connect|home|password|s3cr3t', 'nmcli|dev|wifi|connect|home|password|[redacted]'],
  ['aws|configure|set|aws_secret_access_key|s3cr3t', 'aws|configure|set|aws_secret_access_key|[redacted]'],
  ['npm|config|set|//r.example/:_authToken|s3cr3t', 'npm|config|set|//r.example/:_authToken|[redacted]'],
  ['npm|publish|--//r.example/:_authToken=s3cr3t', 'npm|publish|--//r.example/:_authToken=[redacted]'],
  ['keytool|-storepass|s3cr3t|-keypass|s3cr3t', 'keytool|-storepass|[redacted]|-keypass|[redacted]'],
  ['ssh-keygen|-N|s3cr3t|-f|k', 'ssh-keygen|-N|[redacted]|-f|k'],
  ['mount|-o|username=u,password=s3cr3t', 'mount|-o|username=u,password=[redacted]'],
  [
    'http|POST|a/login|password=s3cr3t|X-Api-Key:s3cr3t',
    'http|POST|a/login|password=[redacted]|X-Api-Key:[redacted]',
  ],
  ['helm|upgrade|--set|db.password=s3cr3t,b=1', 'helm|upgrade|--set|db.password=[redacted]'],
  [
    'curl|--oauth2-bearer|s3cr3t|-F|client_secret=s3cr3t',
    'curl|--oauth2-bearer|[redacted]|-F|client_secret=[redacted]',
  ],
  [
    'kubectl|create|secret|generic|a|--from-literal=k:s3cr3t',
    'kubectl|create|secret|generic|a|--from-literal=k:[redacted]',
  ],
  ['vault|kv|put|secret/a|k=s3cr3t', 'vault|kv|put|secret/a|[redacted]'],
  ['mysqladmin|-u|root|password|s3cr3t', 'mysqladmin|-u|root|password|[redacted]'],
  ['twine|upload|-u|bob|-p|s3cr3t', 'twine|upload|-u|bob|-p|[redacted]'],
  ['xfreerdp|/u:bob|/p:s3cr3t', 'xfreerdp|/u:bob|/p:[redacted]'],
  // What is no secret stays.
  ['docker|run|-u|1000|-p|80:80/tcp|app', 'docker|run|-u|1000|-p|80:80/tcp|app'],
  ['mkdir|-p|a', 'mkdir|-p|a'],
  ['git|commit|-m|token refresh', 'git|commit|-m|token refresh'],
  ['ssh|git@example.com', 'ssh|git@example.com'],
  ['vault|status', 'vault|status'],
  ['rabbitmqctl|list_users', 'rabbitmqctl|list_users'],
  ['htpasswd|-c|/etc/pw|bob', 'htpasswd|-c|/etc/pw|bob'],
  [
    'node|secret-service.js|http://token-service:8080/x',
    'node|secret-service.js|http://token-service:8080/x',
  ],
  ['curl|-XPUT|http://a:80/', 'curl|-XPUT|http://a:80/'],
  ['curl|-sSXPU|http://a:80/', 'curl|-sSXPU|http://a:80/'],
  ['curl|-sSo|cub|--url=http://a:80/b?c=d', 'curl|-sSo|cub|--url=http://a:80/b?c=d'],
  ['mysql|-uphil|shop', 'mysql|-uphil|shop'],
  ['openssl|req|-key|a.pem|-keyform|PEM', 'openssl|req|-key|a.pem|-keyform|PEM'],
  ['app|--header=Accept: text/html|-HHost: a', 'app|--header=Accept: text/html|-HHost: a'],
  ['app|--log=level=info|OPTS=-Xmx1g -Dport=80', 'app|--log=level=info|OPTS=-Xmx1g -Dport=80'],
  ['Xorg|-xauth|/a', 'Xorg|-xauth|/a'],
  ['nginx|-g|daemon off;', 'nginx|-g|daemon off;'],
  ['app|--token-file=/run/token|--passwd-file|/etc/p', 'app|--token-file=/run/token|--passwd-file|/etc/p'],
  ['llm|--tokenizer|bert|--max-tokens|512', 'llm|--tokenizer|bert|--max-tokens|512'],
  ['docker|run|app:1.2@sha256:0123abc', 'docker|run|app:1.2@sha256:0123abc'],
  ['gunicorn|app:api|--bind|0.0.0.0:80', 'gunicorn|app:api|--bind|0.0.0.0:80'],
  ['node|server.js|--inspect=127.0.0.1:9229', 'node|server.js|--inspect=127.0.0.1:9229'],
]

for (const [command, safe] of CASES) {
  test(command.slice(0, 70), () => {
    const redacted = redactArguments(command.split('|')).join('|')
    expect(redacted).toBe(safe)
    expect(redacted).not.toContain('s3cr3t')
  })
}

test('what is piped into a program that reads a password', () => {
  const run = (command: string) => redactArguments(['sh', '-c', command])[2]!
  expect(run('echo s3cr3t | docker login --password-stdin')).toBe(
    'echo [redacted] | docker login --password-stdin',
  )
  expect(run('echo hello | grep h')).toBe('echo hello | grep h')
})

test('redacting twice changes nothing', () => {
  for (const [command] of CASES) {
    const once = redactArguments(command.split('|'))
    expect(redactArguments(once)).toEqual(once)
  }
})

test('hostile arguments take no time', () => {
  const hostile = [
    'a'.repeat(4096),
    'password'.repeat(500),
    '"'.repeat(4096),
    '-p '.repeat(1300),
    'a:'.repeat(2000),
    `${'pass '.repeat(500)}=`,
    'eyJ'.repeat(1300),
    `'"`.repeat(2000),
    'http://a:'.repeat(400),
    '--'.repeat(2000),
    'a='.repeat(2000),
    '--a='.repeat(1000),
    `-${'B'.repeat(4000)}`,
    '-pw '.repeat(1000),
    '-a-token'.repeat(500),
  ]
  for (const argument of hostile) {
    const ms = cpuMs(() => redactArguments(['mysql', argument]))
    expect(ms, argument.slice(0, 20)).toBeLessThan(20)
  }
})

test('arguments end with NULs, and a title may leave many', () => {
  expect(argumentsOf('a\0\0b\0')).toEqual(['a', '', 'b'])
  expect(argumentsOf('nginx: worker\0\0\0\0')).toEqual(['nginx: worker'])
  expect(argumentsOf('')).toEqual([])
})
