import { describe, expect, test } from 'bun:test'
import { programName } from '../../../src/metadata/command/program-name'
import { redactArguments } from '../../../src/metadata/command/secrets'
import { cpuMs } from '../../support/cpu-time'

/** Command lines as processes have them, `|` between arguments; a title is one argument. */
const CASES: readonly (readonly [command: string, name: string])[] = [
  // The program itself, and its configuration where that tells it from another one.
  ['/usr/sbin/nginx', 'nginx'],
  ['nginx|-g|daemon off;', 'nginx'],
  ['nginx|-c|/etc/nginx/nginx.conf', 'nginx'],
  ['nginx|-c|/etc/nginx/shop.conf', 'nginx -c shop.conf'],
  ['nginx|-p|/srv/a|-c|a.conf', 'nginx -c a.conf'],
  ['nginx: master process /usr/sbin/nginx -c /etc/nginx/shop.conf', 'nginx -c shop.conf'],
  ['nginx: master process nginx -g daemon off;', 'nginx'],
  ['haproxy|-W|-db|-f|/etc/haproxy/edge.cfg', 'haproxy -f edge.cfg'],
  ['/usr/sbin/haproxy|-Ws|-f|/etc/haproxy/haproxy.cfg|-p|/run/haproxy.pid', 'haproxy'],
  ['/bin/prometheus|--config.file=/etc/prometheus/prometheus.yml', 'prometheus'],
  ['/bin/prometheus|--config.file=/etc/prometheus/edge.yml', 'prometheus --config.file edge.yml'],
  ['envoy|-c|/etc/envoy/envoy.yaml|--service-node|a', 'envoy'],
  ['caddy|run|--config|/etc/caddy/shop.json', 'caddy --config shop.json'],
  ['mosquitto|-c|/etc/mosquitto/home.conf', 'mosquitto -c home.conf'],
  ['shop|--config|/etc/shop/config.yml', 'shop'],
  ['server|--config|/etc/shop/config.yml', 'server --config shop/config.yml'],
  ['/usr/sbin/mysqld|--defaults-file=/etc/mysql/reports.cnf', 'mysqld --defaults-file reports.cnf'],
  ['redis-server|/etc/redis/6380.conf', 'redis-server 6380.conf'],
  ['redis-server|/etc/redis/redis.conf', 'redis-server'],
  ['redis-server *:6379', 'redis-server :6379'],
  ['redis-server 127.0.0.1:6380 [cluster]', 'redis-server :6380'],
  [
    '/usr/lib/postgresql/16/bin/postgres|-D|/var/lib/postgresql/16/main|-c|config_file=/etc/a.conf',
    'postgres 16/main',
  ],
  ['postgres: 16/main: walwriter ', 'postgres 16/main'],
  ['postgres|-D|/var/lib/postgresql/data', 'postgres'],
  ['/usr/local/bin/k3s|server|--disable|traefik', 'k3s server'],
  ['etcd|--data-dir|/var/lib/etcd', 'etcd'],
  ['-bash', 'bash'],
  // What a process substitution or a pipe gives has no name.
  ['bash|/dev/fd/3', 'bash'],
  ['bash|/proc/self/fd/63', 'bash'],
  ['sh|/dev/stdin', 'sh'],
  ['python3|/dev/fd/63', 'python3'],
  ['/usr/sbin/nginx|-c|/dev/fd/5', 'nginx'],
  ['/opt/My Shop/bin/shopd|--port|80', 'shopd'],
  ['shop-api', 'shop-api'],
  // Python.
  ['python3|-m|http.server|8000', 'python3 -m http.server'],
  ['python3|-um|shop.worker', 'python3 -m shop.worker'],
  ['/usr/bin/python3.11|/opt/shop/api.py|--port|80', 'python3 api.py'],
  ['python3|-u|-W|ignore|api.py', 'python3 api.py'],
  ['python|-c|import os', 'python -c'],
  ['python3|/srv/shop/main.py', 'python3 shop/main.py'],
  ['python3|/srv/shop/src/app.py', 'python3 shop/src/app.py'],
  ['python3|/srv/shop/manage.py|runserver|0:80', 'python3 shop/manage.py runserver'],
  ['python3|manage.py|runserver', 'python3 manage.py runserver'],
  ['python3|/tmp/tmpk3j2x9ab.py', 'python3'],
  ['python3|/tmp/ansible/app.py', 'python3 app.py'],
  ['python3', 'python3'],
  ['/srv/venv/bin/python|/srv/venv/bin/gunicorn|-w|4|-b|0.0.0.0:8000|app:api', 'gunicorn app:api'],
  ['gunicorn|--bind|localhost:8000|shop.wsgi:application', 'gunicorn shop.wsgi:application'],
  ['gunicorn|-b|0.0.0.0:80|wsgi', 'gunicorn wsgi'],
  ['gunicorn: master [app:api]', 'gunicorn app:api'],
  ['gunicorn: worker [app:api]', 'gunicorn app:api'],
  ['uvicorn|app.main:app|--host|0.0.0.0', 'uvicorn app.main:app'],
  ['python3|-m|uvicorn|app.main:app', 'uvicorn app.main:app'],
  ['uvicorn|app:create(1)|--factory', 'uvicorn app:create'],
  ['/usr/bin/python3|/usr/bin/celery|-A|shop|worker|-Q|mail', 'celery -A shop worker'],
  ['celery|--app=shop.tasks|beat', 'celery -A shop.tasks beat'],
  ['[celeryd: celery@a:MainProcess] -active- (-A shop worker -l info)', 'celery -A shop worker'],
  ['flask|--app|shop|run', 'flask --app shop'],
  ['streamlit|run|board.py', 'streamlit board.py'],
  ['uwsgi|--ini|/etc/uwsgi/apps/shop.ini', 'uwsgi --ini shop.ini'],
  // JavaScript.
  ['node|api.js', 'node api.js'],
  ['/usr/bin/nodejs|--max-old-space-size=512|-r|dotenv/config|./api.js|--port|80', 'node api.js'],
  ['node|/srv/shop/index.js', 'node shop/index.js'],
  ['node|/srv/shop/dist/index.js', 'node shop/dist/index.js'],
  ['node|/usr/src/app/index.js', 'node index.js'],
  ['node|/srv/releases/20240115093000/server.js', 'node server.js'],
  ['node|/srv/shop/bin/www', 'node shop/bin/www'],
  ['node|--inspect|--|api.js', 'node api.js'],
  ['node|-e|setInterval(()=>{},9)', 'node -e'],
  ['node|/usr/local/lib/node_modules/npm/bin/npm-cli.js|run|start', 'npm run start'],
  ['npm run start', 'npm run start'],
  ['npm|start', 'npm start'],
  ['yarn|dev', 'yarn dev'],
  ['node|/srv/shop/node_modules/.bin/next|start', 'next'],
  ['node|/srv/shop/node_modules/vite/bin/vite.js', 'vite'],
  ['tsx|watch|src/api.ts', 'tsx api.ts'],
  ['deno|run|--allow-net|-A|api.ts', 'deno run api.ts'],
  ['deno|run|https://example.com/x/tool.ts?token=a', 'deno run tool.ts'],
  ['deno|task|dev', 'deno task dev'],
  ['bun|x.ts', 'bun x.ts'],
  ['bun|run|--hot|x.ts', 'bun x.ts'],
  ['PM2 v5.3.0: God Daemon (/root/.pm2)', 'PM2'],
  // The JVM, .NET, Erlang.
  ['java|-Xmx1g|-Dfile.encoding=UTF-8|-jar|/opt/shop.jar|--server.port=80', 'java -jar shop.jar'],
  ['/usr/lib/jvm/17/bin/java|-cp|/a.jar:/b.jar|org.apache.kafka.Kafka|server.properties', 'java Kafka'],
  ['java|-classpath|/a.jar|org.apache.catalina.startup.Bootstrap|start', 'java startup.Bootstrap'],
  ['java|-p|mods|-m|shop.web/com.shop.Main', 'java shop.Main'],
  ['java|@/tmp/args|Hello.java', 'java Hello.java'],
  ['dotnet|/app/Shop.Api.dll', 'dotnet Shop.Api.dll'],
  ['dotnet|exec|--depsfile|a.json|/app/app.dll', 'dotnet app.dll'],
  ['/usr/lib/erlang/bin/beam.smp|-W|w|--|-sname|rabbit@host1|-s|rabbit', 'beam.smp rabbit'],
  // Ruby, Perl, PHP, Lua.
  ['ruby|/usr/local/bin/puma|-C|config/puma.rb', 'puma'],
  ['puma 6.4.0 (tcp://0.0.0.0:3000) [shop]', 'puma shop'],
  ['puma: cluster worker 0: 17 [shop]', 'puma shop'],
  ['bundle|exec|sidekiq|-C|config/mail.yml', 'sidekiq -C mail.yml'],
  ['sidekiq 7.1.0 shop [0 of 10 busy]', 'sidekiq shop'],
  ['ruby|bin/rails|server|-p|80', 'rails server'],
  ['ruby3.1|-I|lib|worker_mail.rb', 'ruby worker_mail.rb'],
  ['unicorn master -c config/shop.rb -D', 'unicorn -c shop.rb'],
  ['perl|-w|x.pl', 'perl x.pl'],
  ['perl|-ne|print', 'perl -e'],
  ['php-fpm: pool www', 'php-fpm: pool www'],
  ['php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)', 'php-fpm'],
  ['php-fpm8.2|--nodaemonize', 'php-fpm'],
  ['php8.2|artisan|queue:work|--tries=3', 'php artisan queue:work'],
  ['php|-S|0.0.0.0:8080|-t|public', 'php -S :8080'],
  ['lua5.4|app_shop.lua', 'lua app_shop.lua'],
  // What only starts another one.
  ['sh|-c|node api.js', 'node api.js'],
  ['/bin/sh|-c|cd /srv && exec python3 -m http.server 80', 'python3 -m http.server'],
  ['bash|-lc|export A=1; PORT=80 gunicorn app:api', 'gunicorn app:api'],
  ['sh|-c|while true; do curl -s http://a/; sleep 1; done', 'curl'],
  ['sh|-c|$CMD', 'sh -c'],
  ['sh|-c|sh -c "node \'api.js\'"', 'node api.js'],
  ['bash|/opt/shop/backup.sh', 'bash backup.sh'],
  ['/bin/sh|/usr/bin/mysqld_safe', 'mysqld_safe'],
  ['sh|/docker-entrypoint.sh', 'sh docker-entrypoint.sh'],
  ['tini|--|node|api.js', 'node api.js'],
  ['sudo|-u|www|env|A=1|node|api.js', 'node api.js'],
  ['timeout|-k|5|30|curl|http://a/', 'curl'],
  ['su|-|bob|-c|node api.js', 'node api.js'],
  ['su|-|bob', 'su'],
  ['docker|run|-d|nginx', 'docker run'],
  ['busybox|httpd|-f', 'httpd'],
  ['/bin/busybox|sh|-c|nc -l 80', 'nc'],
  // These change at a restart, or are private.
  ['/tmp/go-build2983746123/b001/exe/main', 'main'],
  ['node|/tmp/3f2a9c1d7e/server.js', 'node server.js'],
  ['python3|/opt/job-3f2a9c1d7e.py', 'python3'],
  ['curl|-u|bob:hunter2|https://bob:hunter2@a/', 'curl'],
  ['sh|-c|mysql -phunter2 shop', 'mysql'],
  ['app|--config|password=hunter2.yml', 'app'],
]

describe('the name of a process', () => {
  for (const [command, name] of CASES)
    test(command.slice(0, 80), () => {
      const found = programName(redactArguments(command.split('|')), 'comm').name
      expect(found).toBe(name)
      expect(found).not.toContain('hunter2')
    })
})

test('titles of workers leave it to their master', () => {
  for (const [title, name] of [
    ['nginx: worker process', 'nginx'],
    ['nginx: cache manager process', 'nginx'],
    ['postgres: checkpointer ', 'postgres'],
    ['postgres: bob shop 10.0.0.1(4711) idle', 'postgres'],
    ['sshd: bob [priv]', 'sshd'],
    ['uWSGI worker 1', 'uWSGI'],
    ['resque-1.27: Waiting for *', 'resque'],
  ] as const)
    expect(programName([title], 'comm')).toEqual({ name, isWorker: true })
})

test('without arguments it is the command name, and no control character gets into any', () => {
  expect(programName([], 'kthread').name).toBe('kthread')
  expect(programName([''], 'x').name).toBe('x')
  expect(programName(['a\u001b[31m\nb'], 'x').name).toBe('a [31m')
  expect(programName(['a'.repeat(500)], 'x').name).toHaveLength(64)
})

test('hostile command lines take no time and never throw', () => {
  const hostile = [
    ['sh', '-c', 'sh -c '.repeat(600)],
    ['sh', '-c', '"'.repeat(4000)],
    ['sh', '-c', ';'.repeat(4000)],
    ['sh', '-c', '\\'.repeat(4000)],
    Array(2000).fill('env'),
    Array(2000).fill('busybox'),
    ['node', '/'.repeat(4000)],
    ['python3', `${'a-'.repeat(2000)}.py`],
    [`${'a'.repeat(2000)}: `],
    ['[celeryd: '.repeat(300)],
    [`puma ${'['.repeat(3000)}`],
    ['app', '-c', `${'x.'.repeat(2000)}conf`],
    ['java', ...Array(1000).fill('-cp')],
    ['__proto__'],
    ['constructor', 'x'],
  ]
  for (const args of hostile) {
    let name = ''
    const ms = cpuMs(() => {
      name = programName(args, 'c').name
    })
    expect(ms, args[0]!.slice(0, 20)).toBeLessThan(20)
    expect(name.length).toBeLessThanOrEqual(64)
  }
})

test('random arguments never throw, and their names are short', () => {
  const pieces = [
    '-c',
    '--',
    'sh',
    'node',
    'java',
    '-jar',
    '/tmp/x',
    "'",
    '"',
    ';',
    '\u0000',
    '\ufffd',
    'é',
    '-m',
    ': ',
    '[',
    '=',
    'password',
    '$(',
    '|',
    ' ',
    'env',
    'A=1',
  ]
  let state = 7
  const next = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
  for (let i = 0; i < 5000; i++) {
    const args = Array.from({ length: next(6) }, () =>
      Array.from({ length: next(5) }, () => pieces[next(pieces.length)]).join(''),
    )
    const { name } = programName(redactArguments(args), 'comm')
    expect(name.length).toBeGreaterThan(0)
    expect(name.length).toBeLessThanOrEqual(64)
  }
})
