/** The sites of the demo and the places on them. */
export type Site = { code: string; name: string; address: string; client: string; startedDaysAgo: number }

const site = ([code, name, address, client, startedDaysAgo]: [
  string,
  string,
  string,
  string,
  number,
]): Site => ({
  code,
  name,
  address,
  client,
  startedDaysAgo,
})

export const SITES: readonly Site[] = (
  [
    ['HRB', 'Harbour Row, Block B', '14 Quayside, Bristol', 'Westmere Homes', 212],
    ['STM', 'St Martin Primary School', '2 Orchard Lane, Bath', 'Bath Council', 148],
    ['NOR', 'Northgate Logistics Hall', 'Unit 7, Northgate Park, Swindon', 'Carrow Freight', 96],
    ['ELM', 'Elm Street Clinic', '81 Elm Street, Cardiff', 'Taff Health Trust', 301],
    ['MIL', 'Old Mill Conversion', 'Mill Road, Stroud', 'Frome Valley Estates', 188],
    ['RVT', 'Riverside Tower', '1 Riverside Walk, Bristol', 'Westmere Homes', 402],
    ['LIB', 'Central Library Retrofit', 'Market Square, Gloucester', 'Gloucester Council', 75],
    ['DEP', 'Tram Depot Roof', 'Depot Road, Newport', 'Gwent Transit', 54],
    ['HTL', 'Hotel Meridian', '30 Castle Street, Cardiff', 'Meridian Group', 260],
    ['ARC', 'Arcade Shops 1 to 9', 'High Street, Cheltenham', 'Promenade Holdings', 39],
    ['DAT', 'Data Centre Hall 2', 'Severn Beach Industrial Estate', 'Northlight Hosting', 120],
    ['PRK', 'Parkside Apartments', '5 to 11 Park View, Swindon', 'Westmere Homes', 17],
  ] satisfies [string, string, string, string, number][]
).map(site)

export const PLACES: readonly string[] = [
  'Basement, plant room',
  'Basement, bicycle store',
  'Ground floor, lobby',
  'Ground floor, loading bay',
  'Ground floor, stair A',
  'Level 1, corridor east',
  'Level 1, flat 1.04',
  'Level 2, grid C4',
  'Level 2, flat 2.11',
  'Level 3, corridor west',
  'Level 3, riser 2',
  'Level 4, flat 4.02',
  'Level 4, stair B',
  'Level 5, grid F2',
  'Roof, north parapet',
  'Roof, plant deck',
  'Facade, south elevation',
  'Facade, bay 12',
  'Courtyard, ramp',
  'Car park, bay 31',
]
