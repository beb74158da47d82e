/** Files that the build makes: importing one gives its path, also inside the executable. */
declare module '*.o' {
  const path: string
  export default path
}
declare module '*.so' {
  const path: string
  export default path
}
