/** What the app in `../app` must show, however it was built. */
import { expect, test } from 'vitest'
import type { Orders } from './orders-app.ts'

const ALL_TABLES =
  'categories 3, companies 1, countries 2, currencies 2, customers 1, memberships 1, order_lines 1, orders 1, ' +
  'product_prices 3, products 3, settings 1, tags 1'

export function ordersContract(bundler: string, orders: () => Orders): void {
  const expectText = (id: string, text: string): Promise<unknown> =>
    orders().page.waitForFunction(
      ([at, wanted]) => document.getElementById(at ?? '')?.textContent === wanted,
      [id, text],
      { timeout: 30_000 },
    )
  const press = (name: string): Promise<void> => orders().page.getByRole('button', { name }).click()

  test(`[T11.3] ${bundler}: a dozen tables are on the page, without another company's rows`, async () => {
    await expectText('counts', ALL_TABLES)
    await expectText('lines', '1: 2 x Hammer')
  })

  test(`[T11.3] ${bundler}: what another program writes appears`, async () => {
    await orders()
      .sql`insert into order_lines select order_id, 2, 1, 2, 4 from order_lines where company_id = 1`
    await expectText('lines', '1: 2 x Hammer2: 4 x Saw')
  })

  test(`[T11.3] ${bundler}: what the page writes arrives, exactly`, async () => {
    await press('Add a line')
    await expectText('lines', '1: 2 x Hammer2: 4 x Saw3: 5 x White, 5 l')
    await press('Place')
    await expectText('status', 'placed')
    await orders().page.getByRole('button', { name: 'In step' }).waitFor()
    const [placed] = await orders().sql`
      select o.status, o.placed_at::text, c.name, s.theme, (select count(*)::int from order_lines where line_no = 3) as lines
      from orders o join customers c on c.id = o.customer_id join settings s on s.user_id = 'ada' where o.company_id = 1`
    expect(placed).toEqual({
      status: 'placed',
      placed_at: expect.stringContaining('03:04:05.678901'),
      name: 'Baker & Sons',
      theme: 'dark',
      lines: 1,
    })
    await press('Many')
    await expectText('lines', '2: 4 x Saw3: 5 x White, 5 l')
  })

  test(`[T11.3] ${bundler}: a strict Content Security Policy forbids none of it`, async () => {
    const radius = (): string =>
      getComputedStyle(document.querySelector('.landfall-badge-button') ?? document.body).borderRadius
    expect(await orders().page.evaluate(radius)).toBe('999px')
    expect(orders().complaints).toEqual([])
  })
}
