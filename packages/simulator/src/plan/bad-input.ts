/** What the caller got wrong, in one line that says what to do: an argument, a plan's file, an app's module. */
export class BadInput extends Error {
  override name = 'BadInput'
}
