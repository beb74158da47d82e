import { type Command, UsageError } from '../command'
import { printable } from '../io'
import { bytesText } from '../values'

/** HOST/NAME:TAG, as registries take it (OCI Distribution 1.1). */
const TAGGED = /^[a-z0-9][a-z0-9.\-_/:]*:[\w][\w.-]{0,127}$/

export const image: Command = {
  name: 'image',
  summary: 'Write the image of this executable, for a registry or a cluster that nixie deploy does not know',
  details:
    'It holds this executable and the libraries that it links to, made without docker; the same executable makes the same bytes.\n' +
    'docker load, podman load, ctr images import, kind load image-archive, skopeo copy docker-archive:FILE take it.',
  positionals: [],
  options: [
    {
      flag: 'output',
      short: 'o',
      value: 'FILE',
      help: 'The archive, or a pipe or device (/dev/stdout); compressed when its name ends with .gz',
    },
    { flag: 'root', value: 'DIR', help: 'The files alone, in a folder, for a Dockerfile' },
    {
      flag: 'tag',
      value: 'NAME',
      help: "The image's name",
      fallback: 'localhost/nixie:VERSION-DIGEST, another for every build',
    },
  ],
  run: async ({ flags, io }) => {
    const { output, root, tag } = flags
    if ((output === undefined) === (root === undefined)) {
      throw new UsageError(
        'One of --output and --root is needed',
        'For example: nixie image --output nixie.tar',
      )
    }
    if (tag !== undefined && !TAGGED.test(tag)) {
      throw new UsageError(
        `--tag: '${tag}' is no name of an image with a tag`,
        'Such as registry.example.org/nixie:1.',
      )
    }
    const { ownImage, ownRoot } = await import('../image/own')
    if (root !== undefined) {
      const entries = await ownRoot()
      ;(await import('../image/root')).copyRoot(entries, root)
      await io.stdout.write(`${printable(root)}: ${entries.length} files and folders\n`)
      return 0
    }
    const built = await ownImage(tag)
    const { isStream, writeParts } = await import('../image/write')
    // The archive may be on its way through standard output.
    const told = isStream(output!) ? io.stderr : io.stdout
    await writeParts(built.parts, output!)
    await told.write(
      `${printable(built.name)}, ${built.architectures.join(', ')}, ${bytesText(built.bytes)}\n`,
    )
    return 0
  },
}
