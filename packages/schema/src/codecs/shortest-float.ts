/**
 * The text that Postgres prints for float4 and float8 (extra_float_digits = 1).
 *
 * Postgres prints the shortest decimal that lies strictly between the midpoints to the neighbouring floats. JS prints
 * the shortest one for doubles too, but also takes a midpoint itself (1e23, where Postgres prints
 * 9.999999999999999e+22), and it knows no float4. A midpoint has a short decimal only for integers from 2^53 to
 * about 1e40, so only those are looked at twice. Postgres turns to exponents earlier than JS and writes them with
 * two digits.
 */
const FLOAT8_EXPONENT = 15
const FLOAT4_EXPONENT = 6
const MAX_DIGITS_8 = 17
const MAX_DIGITS_4 = 9
const FIRST_MIDPOINT = 2 ** 53
const LAST_MIDPOINT = 1e40
/** Every decimal of up to six digits survives a normal float4. */
const EXACT_DIGITS_4 = 6
const EXACT_4 = 1e6
const FIRST_NORMAL_4 = 2 ** -126
const FIRST_PLAIN = 1e-4

export function float8Text(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return Object.is(value, -0) ? '-0' : `${value}`
  if (!Number.isFinite(value)) return `${value}`
  const size = Math.abs(value)
  if (size >= FIRST_PLAIN && size < 1e15) return `${value}` // no exponent on either side
  const midpoint = size >= FIRST_MIDPOINT && size < LAST_MIDPOINT && isMidpoint(size, `${size}`)
  return layOut(midpoint ? strictlyShortest(size) : size.toExponential(), value < 0, FLOAT8_EXPONENT)
}

/** Expects a value that is a float4 already (`Math.fround`). */
export function float4Text(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < EXACT_4) return Object.is(value, -0) ? '-0' : `${value}`
  if (!Number.isFinite(value)) return `${value}`
  return layOut(shortestFloat4(Math.abs(value)), value < 0, FLOAT4_EXPONENT)
}

function isMidpoint(size: number, decimal: string): boolean {
  const exact = BigInt(size)
  const distance = 2n * (BigInt(Number(decimal) === size ? plainDigits(decimal) : exact) - exact)
  if (distance === 0n) return false
  const gap = 1n << BigInt(exact.toString(2).length - 53)
  // Below a power of two the floats lie twice as close.
  const gapBelow = (exact & (exact - 1n)) === 0n ? gap / 2n : gap
  return distance === gap || distance === -gapBelow
}

/** The digits of an integer that JS may have written with an exponent. */
function plainDigits(decimal: string): string {
  const [mantissa = '', exponent] = decimal.split('e+')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return whole + fraction + '0'.repeat(Number(exponent ?? 0) - fraction.length)
}

function strictlyShortest(size: number): string {
  for (let digits = 1; digits < MAX_DIGITS_8; digits++) {
    const text = size.toExponential(digits - 1)
    if (Number(text) === size && !isMidpoint(size, text)) return text
  }
  return size.toExponential(MAX_DIGITS_8 - 1)
}

function shortestFloat4(size: number): string {
  const [low, high] = midpoints(size)
  // A normal float4 is so exact that its six digits end in zeros where fewer would do.
  for (let digits = size < FIRST_NORMAL_4 ? 1 : EXACT_DIGITS_4; digits < MAX_DIGITS_4; digits++) {
    const text = halfEven(size, digits)
    if (Number(text) > low && Number(text) < high) return text
    // Below a power of two the floats lie closer, so the nearest decimal may miss where the next one up fits.
    const above = step(text, digits, 1)
    if (Number(above) > low && Number(above) < high) return above
  }
  return size.toExponential(MAX_DIGITS_4 - 1)
}

/** `toExponential` rounds a tie up; Postgres rounds it to the even digit. */
function halfEven(size: number, digits: number): string {
  const text = size.toExponential(digits - 1)
  const finer = size.toExponential(digits)
  const isTie = Number(finer) === size && /5e/.test(finer)
  return isTie && /[13579]e/.test(text) ? step(text, digits, -1) : text
}

/** The decimal with as many digits that is one step up or down. */
function step(text: string, digits: number, by: 1 | -1): string {
  const [mantissa = '', exponent = '0'] = text.split('e')
  return `${Number(mantissa.replace('.', '')) + by}e${Number(exponent) - digits + 1}`
}

const bits = new DataView(new ArrayBuffer(4))

function midpoints(size: number): [low: number, high: number] {
  bits.setFloat32(0, size)
  const at = bits.getUint32(0)
  const neighbour = (index: number): number => {
    bits.setUint32(0, index)
    const found = bits.getFloat32(0)
    return Number.isFinite(found) ? found : 2 ** 128
  }
  return [(size + neighbour(at - 1)) / 2, (size + neighbour(at + 1)) / 2]
}

/** Lays digits and exponent out as Postgres does. */
function layOut(exponential: string, negative: boolean, threshold: number): string {
  const [mantissa = '', power = '0'] = exponential.split('e')
  const digits = mantissa.replace('.', '').replace(/0+$/, '') || '0'
  const exponent = Number(power) + (mantissa.includes('.') ? 0 : mantissa.length - 1)
  const sign = negative ? '-' : ''
  if (exponent >= -4 && exponent < threshold) return sign + plain(digits, exponent)
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
  const size = `${Math.abs(exponent)}`.padStart(2, '0')
  return `${sign}${digits.slice(0, 1)}${fraction}e${exponent < 0 ? '-' : '+'}${size}`
}

function plain(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`
  if (digits.length <= exponent + 1) return digits.padEnd(exponent + 1, '0')
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`
}
