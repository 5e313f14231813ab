-- A database that was there before: serial, identity, uuid and composite keys, some tables without a tenant's column.
create table countries (code char(2) primary key, name text not null);
create table currencies (code char(3) primary key, digits smallint not null default 2);
create table categories (id serial primary key, parent_id integer references categories, name text not null unique);
create table products (
  id serial primary key, category_id integer not null references categories, name text not null,
  weight numeric(8, 3), discontinued boolean not null default false);
create table product_prices (
  product_id integer references products, currency char(3) references currencies, price numeric(12, 2) not null,
  primary key (product_id, currency));
create table companies (id serial primary key, name text not null, country char(2) references countries);
create table memberships (
  company_id integer references companies, user_id text, role text not null default 'member',
  primary key (company_id, user_id));
create table customers (
  id bigserial primary key, company_id integer not null references companies, name text not null,
  email varchar(120) unique, since date not null default current_date);
create type order_status as enum ('draft', 'placed', 'shipped');
create table orders (
  id uuid primary key default gen_random_uuid(), company_id integer not null references companies,
  customer_id bigint not null references customers, status order_status not null default 'draft',
  placed_at timestamptz, extra jsonb not null default '{}');
create table order_lines (
  order_id uuid references orders on delete cascade, line_no integer, company_id integer not null references companies,
  product_id integer not null references products, quantity integer not null check (quantity > 0),
  primary key (order_id, line_no));
create table tags (
  id integer generated always as identity primary key, company_id integer not null references companies,
  label text not null, unique (company_id, label));
create table settings (user_id text primary key, theme text not null default 'light', columns text[] not null default '{}');

insert into countries values ('NL', 'Netherlands'), ('PT', 'Portugal');
insert into currencies values ('EUR', 2), ('JPY', 0);
insert into categories (name) values ('Tools'), ('Paint');
insert into categories (parent_id, name) values (1, 'Hand tools');
insert into products (category_id, name, weight) values (3, 'Hammer', 0.750), (3, 'Saw', 0.400), (2, 'White, 5 l', 6.125);
insert into product_prices values (1, 'EUR', 19.95), (2, 'EUR', 24.50), (1, 'JPY', 3200);
insert into companies (name, country) values ('North Supplies', 'NL'), ('South Supplies', 'PT');
insert into memberships values (1, 'ada', 'owner'), (2, 'ben', 'owner');
insert into customers (company_id, name, email) values (1, 'Baker', 'baker@example.com'), (2, 'Miller', 'miller@example.com');
insert into orders (id, company_id, customer_id) values
  ('11111111-1111-4111-8111-111111111111', 1, 1), ('22222222-2222-4222-8222-222222222222', 2, 2);
insert into order_lines values
  ('11111111-1111-4111-8111-111111111111', 1, 1, 1, 2), ('22222222-2222-4222-8222-222222222222', 1, 2, 2, 9);
insert into tags (company_id, label) values (1, 'urgent'), (2, 'secret');
insert into settings (user_id) values ('ada'), ('ben');
