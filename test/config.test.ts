import { describe, expect, test } from 'bun:test'
import { readConfig, SETTINGS } from '../src/config'
import { NixieError } from '../src/errors'

describe('settings', () => {
  test('defaults', () => {
    const config = readConfig({}, {})
    expect(config.listen).toBe('127.0.0.1:6494')
    expect(config.retention).toBe(86_400)
    expect(config.bodyLimit).toBe(1024)
  })

  test('flags win over the environment', () => {
    const env = { NIXIE_RETENTION: '1h', NIXIE_LISTEN: '127.0.0.1:1' }
    expect(readConfig({ retention: '30m' }, env)).toMatchObject({ retention: 1800, listen: '127.0.0.1:1' })
  })

  test('an unset variable is no value, an empty one is', () => {
    expect(readConfig({}, { NIXIE_LISTEN: undefined }).listen).toBe('127.0.0.1:6494')
    expect(() => readConfig({}, { NIXIE_LISTEN: '' })).toThrow(NixieError)
  })

  const good: [keyof typeof SETTINGS, string, unknown][] = [
    ['listen', '[::1]:80', '[::1]:80'],
    ['listen', 'localhost:65535', 'localhost:65535'],
    ['diskBudget', '1.5G', 1.5 * 2 ** 30],
    ['diskBudget', '512MiB', 512 * 2 ** 20],
    ['bodyLimit', '0', 0],
    ['retention', '2d', 172_800],
    ['redact', 'off', false],
    ['redactExtra', 'customer-no, *badge*', 'customer-no,*badge*'],
    ['cpuBudget', '25%', 0.25],
    ['cpuBudget', '2.5 %', 0.025],
    ['cpuBudget', 'off', 0],
    ['tls', 'OFF', 'off'],
    ['tls', '-java, -kube-system/', '-java,-kube-system/'],
  ]
  for (const [name, text, value] of good) {
    test(`${name} ${text}`, () => {
      expect(readConfig({ [SETTINGS[name].flag]: text }, {})[name] as unknown).toBe(value)
    })
  }

  const bad: [keyof typeof SETTINGS, string][] = [
    ['listen', '6494'],
    ['listen', '127.0.0.1:65536'],
    ['listen', 'a b:80'],
    ['retention', '24'],
    ['retention', '-1h'],
    ['retention', '0s'],
    ['diskBudget', 'much'],
    ['ringBytes', '1000'],
    ['ringBytes', '4K'],
    ['redact', 'perhaps'],
    ['redactExtra', '*'],
    ['redactExtra', 'a,badge'],
    ['redactExtra', 'ab*cd'],
    ['redactExtra', '(a+)+'],
    ['tls', 'java'],
    ['tls', '-/'],
    ['tls', '-Kube_System/'],
    ['tls', '-sixteencharacter'],
    ['cpuBudget', '10'],
    ['cpuBudget', '0%'],
    ['cpuBudget', '101%'],
  ]
  for (const [name, text] of bad) {
    test(`${name} ${text} is refused, with what it should be`, () => {
      const flag = SETTINGS[name].flag
      expect(() => readConfig({ [flag]: text }, {})).toThrow(
        `--${flag}: '${text}' is not ${SETTINGS[name].shape}`,
      )
    })
  }
})
