/** Files that the build makes: importing one gives its path, inside the executable too. */
declare module '*.o' {
  const path: string
  export default path
}
declare module '*.so' {
  const path: string
  export default path
}
