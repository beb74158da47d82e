/** Network namespaces of a test's own, gone when it ends. Needs root. */
export class Namespaces {
  readonly #names: string[] = []

  static run(...command: string[]): void {
    const { exitCode, stderr } = Bun.spawnSync(command)
    if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
  }

  add(name: string): string {
    const full = `nixie-${process.pid}-${name}`
    Namespaces.run('ip', 'netns', 'add', full)
    this.#names.push(full)
    Namespaces.run('ip', '-n', full, 'link', 'set', 'lo', 'up')
    return full
  }

  /** A cable: each end has an address of the other's network. */
  join(one: readonly [name: string, address: string], two: readonly [name: string, address: string]): void {
    const [from, to] = [`v${one[1].replaceAll('.', '')}`, `v${two[1].replaceAll('.', '')}`]
    Namespaces.run(
      'ip',
      '-n',
      one[0],
      'link',
      'add',
      from,
      'type',
      'veth',
      'peer',
      'name',
      to,
      'netns',
      two[0],
    )
    for (const [[name, address], device] of [
      [one, from],
      [two, to],
    ] as const) {
      Namespaces.run('ip', '-n', name, 'addr', 'add', `${address}/24`, 'dev', device)
      Namespaces.run('ip', '-n', name, 'link', 'set', device, 'up')
    }
  }

  inside(name: string, ...command: string[]): void {
    Namespaces.run('ip', 'netns', 'exec', name, ...command)
  }

  close(): void {
    for (const name of this.#names) Bun.spawnSync(['ip', 'netns', 'del', name])
  }
}

/**
 * A client's host, a node and a container on it at 10.91.2.2, whose port 80 is published at 10.91.1.1: 8080, and 8081 with the
 * client's address hidden. The node itself reaches it there, too.
 */
export function publishedPort(spaces: Namespaces): { client: string; node: string; container: string } {
  const client = spaces.add('client')
  const node = spaces.add('node')
  const container = spaces.add('container')
  spaces.join([client, '10.91.1.2'], [node, '10.91.1.1'])
  spaces.join([container, '10.91.2.2'], [node, '10.91.2.1'])
  Namespaces.run('ip', '-n', client, 'route', 'add', 'default', 'via', '10.91.1.1')
  Namespaces.run('ip', '-n', container, 'route', 'add', 'default', 'via', '10.91.2.1')
  spaces.inside(node, 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
  spaces.inside(
    node,
    'nft',
    `table ip nat {
      chain pre { type nat hook prerouting priority -100; tcp dport 8081 meta mark set 1; tcp dport { 8080, 8081 } dnat to 10.91.2.2:80; }
      chain out { type nat hook output priority -100; ip daddr 10.91.1.1 tcp dport 8080 dnat to 10.91.2.2:80; }
      chain post { type nat hook postrouting priority 100; meta mark 1 masquerade; }
    }`,
  )
  return { client, node, container }
}
