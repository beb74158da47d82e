/**
 * Keys and tokens that their makers mark: by what they begin with, or by a sign within. The marks are from the makers' own
 * documentation and from the public rules of secret scanners. Marks that many
 * words have (`cio`, `pat`, `re_`) are left out.
 */

/**
 * What it begins with, and a pattern of the rest. Where the text ends within it (it is cut off there) what there is of
 * it counts, from some characters on.
 */
export const SHAPES: readonly (readonly [prefixes: string, rest: string])[] = [
  // A JWT has three parts, an encrypted one five; its first is a JSON object in base64url.
  ['eyJ', '[\\w-]{8,}(?:(?:\\.|%2E)[\\w-]{4,}(?:(?:\\.|%2E)[\\w-]*){0,3}|$)'],
  ['ops_eyJ', '[\\w+/=-]{20,}'],
  // Private keys (PEM) in base64, as a kubeconfig has them: `-----BEGIN PRIVATE`, `… RSA `, `… EC P`, `… OPEN`, `… ENCR`.
  [
    'LS0tLS1CRUdJTiBQUklWQVRF LS0tLS1CRUdJTiBSU0Eg LS0tLS1CRUdJTiBFQyBQ LS0tLS1CRUdJTiBPUEVO LS0tLS1CRUdJTiBFTkNS LS0tLS1CRUdJTiBEU0Eg',
    '[\\w+/=-]+',
  ],
  ['ghp_ gho_ ghu_ ghs_ ghr_', '\\w{20,}'],
  ['github_pat_', '\\w{20,}'],
  [
    'glpat- glptt- gldt- glrt- glrtr- glsoat- glcbt- glft- glagent- gloas- glimt- glffct- glwt-',
    '[\\w.-]{16,}',
  ],
  ['xoxa- xoxb- xoxe- xoxe. xoxp- xoxr- xoxs- xoxc- xoxd- xapp-', '[\\w.%-]{10,}'],
  ['AKIA ASIA ABIA ACCA', '[0-9A-Z]{16}(?![0-9A-Za-z])'],
  ['ABSK', '[\\w+/=]{100,}'],
  ['LTAI', '[0-9A-Za-z]{16,20}(?![0-9A-Za-z])'],
  ['AIza AQ.Ab', '[\\w-]{30,}'],
  ['ya29. 1//0', '[\\w-]{16,}'],
  ['GOCSPX-', '[\\w-]{16,}'],
  [
    'sk_live_ sk_test_ rk_live_ rk_test_ pk_live_ pk_test_ sk_org_ sk-live- sk-test- sk-proj- sk-ant- sk-or- sk-svcacct- sk-admin- sk-lf-',
    '[\\w-]{10,}',
  ],
  ['sk-', '\\w{20,}'],
  [
    'whsec_ nvapi- lin_api_ lin_oauth_ xkeysib- xsmtpsib- figd_ tskey- rubygems_ sntrys_ sntryu_ sntrya_ glsa_ glc_ pscale_tkn_ pscale_pw_ pscale_oauth_ dckr_pat_ dckr_oat_ PMAK- NRAK- NRJS- NRII- NRAL- ATATT3 ATCTT3 ATSTT3 sq0atp- sq0csp- shpat_ shpss_ shpca_ shppa_ FlyV1 GitHub-Bearer',
    '[\\w.=+/-]{16,}',
  ],
  // Doppler, Supabase, Vercel, Netlify, Cloudflare, Fly, Render, Neon, Pulumi, Prefect, Notion, Postman's kin and others.
  [
    'dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit. sbp_ sb_secret_ vcp_ vci_ vca_ vcr_ vck_ nfp_ nfc_ nfo_ nfu_ nfb_ cfut_ cfat_ cfk_ fo1_ fm1a_ fm1r_ fm2_ rnd_ napi_ pul- pnu_ pnb_ ntn_ phx_ CFPAT- CLOJARS_ HRKU- fio-u- ico- dnkey- zpka_ tfp_ rdme_ waka_ tk-us- squ_ sqp_ sqa_ sgp_ slk_ bkua_ bkct_',
    '[\\w.-]{24,}',
  ],
  // Of models.
  ['xai- gsk_ pplx- tvly- pcsk_ csk- jina_ e2b_ tgp_v1_ lsv2_pt_ lsv2_sk_ api_org_', '[\\w-]{24,}'],
  [
    'duffel_live_ duffel_test_ shippo_live_ shippo_test_ FLWSECK- FLWSECK_TEST- EZAK EZTK sm_aat_ sm_pat_ sm_sat_ p8e- s-s4t2ud- AKCp',
    '[\\w-]{24,}',
  ],
  ['access-production- access-sandbox-', '[0-9a-f-]{36}'],
  // Twilio's keys, which begin with two letters.
  [[...'0123456789abcdef'].map((digit) => `SK${digit}`).join(' '), '[0-9a-f]{31}(?![0-9A-Za-z])'],
  ['dt0a01. dt0c01. dt0e01. dt0s01. dt0s02. dt0s04. dt0s16.', '[\\w-]{24}(?:\\.\\w{16,})?'],
  ['sha256~', '[\\w-]{43}'],
  ['API-', '[A-Z0-9]{25,30}(?![0-9A-Za-z-])'],
  ['hvs. hvb. hvr.', '[\\w-]{20,}'],
  ['npm_ hf_', '\\w{30,}'],
  ['pypi-', '[\\w-]{30,}'],
  ['dop_v1_ doo_v1_ dor_v1_', '\\w{30,}'],
  ['SG.', '[\\w-]{16,}\\.[\\w-]{16,}'],
  ['AGE-SECRET-KEY-', '\\w+'],
  ['dapi', '[0-9a-f]{32}'],
  ['SUA SAA SOA SNA SCA SXA', '[A-Z2-7]{53,56}'],
  ['EAACEdEose0cBA', '\\w+'],
  // Square's.
  ['EAAA', '[\\w+=-]{58,62}(?![\\w+/=-])'],
]

/**
 * Signs within: of Terraform Cloud, Entra ID and Azure's services. What stands in front of one is a part of it.
 * [sign, what is in front, what is behind]
 */
export const SIGNED: readonly (readonly [sign: string, front: RegExp, behind: RegExp])[] = [
  ['.atlasv1.', /[0-9A-Za-z]{14}$/, /[\w=-]{20,}/y],
  ['7Q~', /(?<![\w~.-])[\w~.-]{3}$/, /[\w~.-]{24,}/y],
  ['8Q~', /(?<![\w~.-])[\w~.-]{3}$/, /[\w~.-]{24,}/y],
  ['JQQJ99', /[0-9A-Za-z]{20,64}$/, /[0-9A-Za-z]{12,}={0,2}/y],
]

/** Kept, and the secret behind it: bots of Telegram, the cloud messages of Firebase, web hooks by their paths. */
export const KEPT: readonly (readonly [begin: string, kept: string, secret: string])[] = [
  ['/bot', '/bot\\d{6,12}(?::|%3A)', '(?:[\\w-]{16,}|[\\w-]{4,}$)'],
  [':AA', '(?<=(?<!\\d)\\d{8,12}):', 'AA(?:[\\w-]{32,34}(?![\\w-])|[\\w-]{2,33}$)'],
  ['%3AAA', '(?<=(?<!\\d)\\d{8,12})%3A', 'AA(?:[\\w-]{32,34}(?![\\w-])|[\\w-]{2,33}$)'],
  [':APA91', '(?<=\\w):', 'APA91[\\w-]{16,}'],
  ['/services/T', '/services/T\\w{6,14}/B\\w{6,14}/', '(?:[\\w-]{16,}|[\\w-]{4,}$)'],
  ['/workflows/T', '/workflows/T\\w{6,14}/A\\w{6,14}/\\d{6,24}/', '(?:[\\w-]{16,}|[\\w-]{4,}$)'],
  ['/triggers/', '/triggers/[TE]\\w{6,14}/\\d{6,24}/', '(?:[\\w-]{16,}|[\\w-]{4,}$)'],
  ['/webhooks/', '/webhooks/\\d{10,22}/', '(?:[\\w-]{16,}|[\\w-]{4,}$)'],
  ['/IncomingWebhook/', '/IncomingWebhook/', '(?:[0-9a-f]{32}|[0-9a-f]{4,31}$)(?:/[\\w-]*)?'],
  ['/hooks/catch/', '/hooks/catch/\\d{4,12}/', '\\w{5,}'],
]
