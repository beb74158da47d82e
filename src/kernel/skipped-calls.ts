/** Whether a kernel of this release skips a typed program while another task is preempted in it (Linux 7.2 and later). */
export function skipsTyped(kernelRelease: string): boolean {
  const [major = 0, minor = 0] = kernelRelease.split('.').map(Number.parseFloat)
  return major > 7 || (major === 7 && minor >= 2)
}
