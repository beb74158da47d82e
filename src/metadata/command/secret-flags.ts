/** Flags of well-known programs whose value is a secret although their name does not say so. */

/** A secret is the whole value, or what follows the user, or the name, in it. */
export type Kind = 'whole' | 'userinfo' | 'assigned'

interface Flags {
  /** Flags whose next argument, or the rest of their own, is a secret. */
  readonly [flag: string]: Kind
}

const MYSQL: Flags = { '-p': 'whole' }
const NEXT_P: Flags = { '-p': 'whole' }
const LDAP: Flags = { '-w': 'whole' }

/** Short flags mean another thing with every program. */
export const PROGRAMS: Readonly<Record<string, Flags>> = {
  curl: {
    '-u': 'userinfo',
    '--user': 'userinfo',
    '-U': 'userinfo',
    '--proxy-user': 'userinfo',
    '-b': 'whole',
    '--cookie': 'whole',
    '-E': 'userinfo',
    '--cert': 'userinfo',
    '--proxy-cert': 'userinfo',
  },
  http: { '-a': 'userinfo' },
  xh: { '-a': 'userinfo' },
  hey: { '-a': 'userinfo' },
  ab: { '-A': 'userinfo', '-P': 'userinfo', '-C': 'whole' },
  mysql: MYSQL,
  mysqladmin: MYSQL,
  mysqldump: MYSQL,
  mysqlshow: MYSQL,
  mariadb: MYSQL,
  'mariadb-admin': MYSQL,
  'mariadb-dump': MYSQL,
  mongo: NEXT_P,
  mongosh: NEXT_P,
  mongodump: NEXT_P,
  mongorestore: NEXT_P,
  sshpass: NEXT_P,
  docker: {},
  login: NEXT_P,
  cqlsh: NEXT_P,
  'redis-cli': { '-a': 'whole' },
  'redis-benchmark': { '-a': 'whole' },
  ldapsearch: LDAP,
  ldapadd: LDAP,
  ldapmodify: LDAP,
  ldapwhoami: LDAP,
  ldappasswd: { ...LDAP, '-a': 'whole', '-s': 'whole' },
  sqlcmd: { '-P': 'whole' },
  bcp: { '-P': 'whole' },
  isql: { '-P': 'whole' },
  tsql: { '-P': 'whole' },
  ipmitool: { '-P': 'whole' },
  mosquitto_pub: { '-P': 'whole' },
  mosquitto_sub: { '-P': 'whole' },
  'valkey-cli': { '-a': 'whole' },
  'keydb-cli': { '-a': 'whole' },
  mysqlimport: MYSQL,
  mysqlcheck: MYSQL,
  mysqlslap: MYSQL,
  mysqlsh: MYSQL,
  'mariadb-check': MYSQL,
  'mariadb-import': MYSQL,
  rdesktop: NEXT_P,
  useradd: NEXT_P,
  usermod: NEXT_P,
  'ssh-keygen': { '-N': 'whole', '-P': 'whole' },
  etcdctl: { '--user': 'userinfo' },
  kubectl: { '--from-literal': 'assigned' },
  oc: { '--from-literal': 'assigned' },
  '7za': NEXT_P,
  rar: { '-p': 'whole', '-hp': 'whole' },
  smbclient: { '-U': 'userinfo' },
  rpcclient: { '-U': 'userinfo' },
  lftp: { '-u': 'userinfo' },
  zip: { '-P': 'whole' },
  unzip: { '-P': 'whole' },
  '7z': NEXT_P,
  snmpwalk: { '-A': 'whole', '-X': 'whole', '-c': 'whole' },
  snmpget: { '-A': 'whole', '-X': 'whole', '-c': 'whole' },
  sqlplus: {},
  aws: {},
  git: {},
  npm: {},
  yarn: {},
  pnpm: {},
  gcloud: {},
  gh: {},
  nmcli: {},
  rclone: {},
  pdftk: {},
  'redis-server': {},
  'valkey-server': {},
  openssl: {
    '-K': 'whole',
    '-k': 'whole',
    '-hmac': 'whole',
    '-psk': 'whole',
    '-macopt': 'whole',
    '-mackeyopt': 'whole',
  },
}
const MYSQL_SWITCHES = 'ABbCEfGHIijLNnoqrsTtUVvwX'
const LDAP_SWITCHES = 'ACcILMNnQvxZ'
/** Short flags without a value, which may stand before another in one argument: `curl -sSu bob:secret`. */
export const SWITCHES: Readonly<Record<string, string>> = {
  curl: '#0123456789aBfgGiIjJklLMnNOpqRsSvVZ',
  http: 'jfvhbdcFISq',
  xh: 'jfvhbdcFIq4',
  ab: 'kiqdSlr',
  mysql: MYSQL_SWITCHES,
  mysqladmin: MYSQL_SWITCHES,
  mysqldump: 'ABCEFfKNnQtVvXYalqx',
  mysqlshow: 'Ckstv',
  mariadb: MYSQL_SWITCHES,
  'mariadb-admin': MYSQL_SWITCHES,
  'mariadb-dump': 'ABCEFfKNnQtVvXYalqx',
  sshpass: 'v',
  ldapsearch: LDAP_SWITCHES,
  ldapadd: LDAP_SWITCHES,
  ldapmodify: LDAP_SWITCHES,
  ldapwhoami: LDAP_SWITCHES,
  ldappasswd: LDAP_SWITCHES,
  'ssh-keygen': 'qvy',
  smbclient: 'NkPEgqe',
  ipmitool: 'v',
  zip: '0123456789ejmqrvyDXTuf',
  unzip: 'acjlnopqvC',
}
/** Flags are words (`-key FILE`): none has a value without a space. */
export const WORD_FLAGS = new Set(['openssl'])
/** Written without a space between flag and value: a value that follows is another argument. */
export const ATTACHED_ONLY = new Set([
  'mysql',
  'mysqladmin',
  'mysqldump',
  'mysqlshow',
  'mariadb',
  'mariadb-admin',
  'mariadb-dump',
  'mariadb-check',
  'mariadb-import',
  'mysqlimport',
  'mysqlcheck',
  'mysqlslap',
  'mysqlsh',
  '7z',
  '7za',
  'rar',
])

interface Position {
  /** The argument behind which the others are counted; without it the program itself. */
  readonly behind?: RegExp
  /** Arguments without a dash that come first and are no secrets. */
  readonly plain: number
}

/** Programs whose last arguments are secrets. */
export const POSITIONS: Readonly<Record<string, readonly Position[]>> = {
  // FILE USER PASSWORD, and without FILE when -n is given.
  htpasswd: [{ behind: /^-\w*b/, plain: 1 }],
  mosquitto_passwd: [{ behind: /^-\w*b/, plain: 2 }],
  wpa_passphrase: [{ plain: 1 }],
  rabbitmqctl: [{ behind: /^(?:add_user|change_password|authenticate_user)$/, plain: 1 }],
  vault: [
    { behind: /^login$/, plain: 0 },
    { behind: /^(?:put|patch|write)$/, plain: 1 },
  ],
  'redis-cli': [{ behind: /^auth$/i, plain: 0 }],
  'valkey-cli': [{ behind: /^auth$/i, plain: 0 }],
  openssl: [{ behind: /^passwd$/, plain: 0 }],
  mysqladmin: [{ behind: /^password$/, plain: 0 }],
  // ALIAS URL ACCESS-KEY SECRET-KEY
  mc: [{ behind: /^set$/, plain: 2 }],
}
/** Programs that take names and values as words: `npm config set //registry/:_authToken VALUE`. */
export const NAMED_BY_WORDS = new Set(
  'aws git npm yarn pnpm gcloud gh nmcli rclone pdftk redis-cli valkey-cli redis-server valkey-server ipmitool'.split(
    ' ',
  ),
)
