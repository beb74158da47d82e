/** The image of the executable that runs. */
import { existsSync } from 'node:fs'
import { messageOf, NixieError } from '../../errors'
import { buildImage, type Image } from './archive'
import { imagePlatform, imageRoot, type RootEntry } from './root'

const ELSEWHERE =
  'Name an image that was made on Linux: --image-archive FILE. In a checkout ./install.sh makes and names it.'

/** The files of the image. @throws NixieError when this is no executable that Linux nodes run */
export async function ownRoot(): Promise<readonly RootEntry[]> {
  if (!Bun.main.startsWith('/$bunfs/')) {
    throw new NixieError(
      'bad_request',
      'This Nixie runs from its sources, and an image is made of the executable',
      'Build it: npm run build. Then: dist/nixie …',
    )
  }
  if (process.platform !== 'linux') {
    const message = 'An image is made of an executable for Linux, and this one is for another system'
    throw new NixieError('bad_request', message, ELSEWHERE)
  }
  if (!existsSync(imagePlatform().linker)) {
    const message = 'An image is made of an executable for glibc, and this system has another C library'
    throw new NixieError('bad_request', message, ELSEWHERE)
  }
  await requireLibraries()
  // This path works even if the file was replaced since the start.
  return imageRoot('/proc/self/exe')
}

/** The image gets the libraries of this machine: the loader must start with them. */
async function requireLibraries(): Promise<void> {
  const { requireLoader } = await import('../../kernel/loader')
  try {
    requireLoader()
  } catch (cause) {
    if (cause instanceof NixieError) throw cause
    const message = `The image would get this machine's libraries, and the loader does not start with them: ${messageOf(cause)}`
    throw new NixieError('unavailable', message, ELSEWHERE)
  }
}

export const ownImage = async (name?: string): Promise<Image> =>
  buildImage([{ root: await ownRoot(), platform: imagePlatform() }], name)
