import { ROLE_CLIENT, ROLE_SERVER, ROLE_UNKNOWN, type Role } from '../../records/types'
import type { Side } from '../protocol'

const OTHER_ROLE: Readonly<Record<Role, Role>> = {
  [ROLE_CLIENT]: ROLE_SERVER,
  [ROLE_SERVER]: ROLE_CLIENT,
  [ROLE_UNKNOWN]: ROLE_UNKNOWN,
}

/** The role of an end that has `role` on its connection, in an exchange that `asker` began: a server may ask, too. */
export const roleIn = (role: Role, asker: Side): Role => (asker === 'client' ? role : OTHER_ROLE[role])
