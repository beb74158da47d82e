import { CONTEXT_OPTIONS, TIMEOUT } from '../cluster/options'
import type { Command, Option, Positional } from '../command'
import { DRY_RUN } from './deploy'

const NAMES = ['kuard', 'shop'] as const
type Name = (typeof NAMES)[number]

const NAME: Positional = { name: 'NAME', required: true, choices: NAMES }
const DETAILS =
  'kuard: a server with two replicas and a client. shop: five services, with delays and failures.'

const IMAGE: Option = {
  flag: 'image',
  value: 'NAME',
  help: 'An image of Nixie, which the samples are part of',
  fallback: "the one that the cluster's Nixie runs from",
}

export const demoDeploy: Command = {
  name: 'demo deploy',
  summary: 'Start a sample workload in a Kubernetes cluster, in a namespace of its name',
  details: DETAILS,
  positionals: [NAME],
  options: [...CONTEXT_OPTIONS, IMAGE, DRY_RUN, TIMEOUT],
  run: async (invocation) =>
    (await import('../cluster/install')).deployDemo(invocation.positionals[0] as Name, invocation),
}

export const demoDelete: Command = {
  name: 'demo delete',
  summary: 'Take a sample workload out again',
  details: DETAILS,
  positionals: [NAME],
  options: [...CONTEXT_OPTIONS, TIMEOUT],
  run: async (invocation) =>
    (await import('../cluster/install')).deleteDemo(invocation.positionals[0] as Name, invocation),
}
