/** What is synced, for both sides: three scopes over a dozen tables. */
import { defineSync } from '@landfall/schema'
import {
  categories,
  companies,
  countries,
  currencies,
  customers,
  memberships,
  orderLines,
  orders,
  productPrices,
  products,
  settings,
  tags,
} from './schema.ts'

export const sync = defineSync({
  tables: {
    countries,
    currencies,
    categories,
    products,
    productPrices,
    companies,
    memberships,
    customers,
    orders,
    orderLines,
    tags,
    settings,
  },
  scopes: {
    company: {
      companies: (t) => t.id,
      memberships: (t) => t.companyId,
      customers: (t) => t.companyId,
      orders: (t) => t.companyId,
      orderLines: (t) => t.companyId,
      tags: (t) => t.companyId,
    },
    own: { settings: (t) => t.userId },
    public: { countries: true, currencies: true, categories: true, products: true, productPrices: true },
  },
  // Postgres always makes the tags' keys itself, so no device can make one.
  write: { memberships: false, tags: false },
})
