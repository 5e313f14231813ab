/** What inspectors check: per trade, the kinds of checks with their steps, tags and what is measured. */
export type Kind = {
  title: string
  notes: string
  tags: string[]
  steps: string[]
  measure?: { unit: string; from: number; to: number }
}

const STRUCTURAL: Kind[] = [
  {
    title: 'Cracking in blockwork above lintel',
    notes:
      'Stepped crack from the lintel bearing to the slab soffit. Tell-tale fitted; read again after two weeks.',
    tags: ['masonry', 'monitor'],
    steps: ['Photograph with scale', 'Read tell-tale', 'Check lintel bearing', 'Report to engineer'],
    measure: { unit: 'mm', from: 0.1, to: 4 },
  },
  {
    title: 'Concrete cover to reinforcement',
    notes: 'Cover meter survey on a 500 mm grid. Anything under 25 mm to be broken out and checked by eye.',
    tags: ['concrete', 'survey'],
    steps: ['Mark the grid', 'Scan', 'Open up two spots', 'Make good'],
    measure: { unit: 'mm', from: 18, to: 45 },
  },
  {
    title: 'Bolt torque on column splice',
    notes: 'Sample one bolt in ten. Mark each tested bolt with paint pen.',
    tags: ['steel'],
    steps: ['Calibrate wrench', 'Test sample', 'Mark bolts'],
    measure: { unit: 'Nm', from: 240, to: 420 },
  },
  {
    title: 'Slab level against drawing',
    notes: 'Check the finished level at the doorways before the screed goes down.',
    tags: ['survey', 'screed'],
    steps: ['Set up level', 'Shoot six points', 'Mark high spots'],
    measure: { unit: 'mm', from: -12, to: 12 },
  },
]

const FIRE: Kind[] = [
  {
    title: 'Fire stopping around cable tray',
    notes: 'Gap visible on the riser side. Sealant type to match the certificate in the file.',
    tags: ['fire', 'riser'],
    steps: ['Check both sides', 'Compare with certificate', 'Photograph label'],
    measure: { unit: 'mm', from: 0, to: 18 },
  },
  {
    title: 'Fire door closes onto latch',
    notes: 'Closes from 30 degrees without help. Intumescent strip complete, gaps under 4 mm.',
    tags: ['fire', 'doors'],
    steps: ['Closing force', 'Gaps', 'Strips and seals', 'Signage'],
    measure: { unit: 'mm', from: 2, to: 7 },
  },
  {
    title: 'Emergency lighting duration test',
    notes: 'Three hours on battery. Note every fitting that goes out early by its number.',
    tags: ['fire', 'electrical'],
    steps: ['Switch off circuit', 'Walk at 1 h', 'Walk at 3 h', 'Restore'],
    measure: { unit: 'min', from: 95, to: 190 },
  },
  {
    title: 'Sprinkler head clearance',
    notes: 'Nothing stored or fixed within 500 mm below the deflector.',
    tags: ['fire', 'sprinkler'],
    steps: ['Measure clearance', 'Check guard', 'Look for paint on head'],
    measure: { unit: 'mm', from: 220, to: 900 },
  },
]

const ELECTRICAL: Kind[] = [
  {
    title: 'Earth loop impedance, final circuits',
    notes: 'Test the furthest point of each circuit. Values to the schedule.',
    tags: ['electrical', 'test'],
    steps: ['Isolate', 'Test furthest point', 'Fill in schedule'],
    measure: { unit: 'Ω', from: 0.2, to: 1.9 },
  },
  {
    title: 'Distribution board labelling',
    notes: 'Labels missing on ways 7 to 12, and the chart in the door is from the temporary supply.',
    tags: ['electrical', 'labels'],
    steps: ['Check chart', 'Check ways', 'Check blanking plates'],
  },
  {
    title: 'RCD trip time',
    notes: 'At rated current and five times rated current, both half-cycles.',
    tags: ['electrical', 'test'],
    steps: ['Trip at 1x', 'Trip at 5x', 'Push button'],
    measure: { unit: 'ms', from: 12, to: 310 },
  },
]

const ENVELOPE: Kind[] = [
  {
    title: 'Damp reading at window reveal',
    notes: 'Readings rise towards the sill. Look for a missing cavity tray or an end dam left out.',
    tags: ['damp', 'windows'],
    steps: ['Read at three heights', 'Check sealant', 'Check tray and end dams'],
    measure: { unit: '% WME', from: 9, to: 34 },
  },
  {
    title: 'Roof membrane seam test',
    notes: 'Probe every seam along the parapet; mark what opens with chalk.',
    tags: ['roof'],
    steps: ['Probe seams', 'Check upstands', 'Check outlets'],
  },
  {
    title: 'Air tightness at service entry',
    notes: 'Smoke pencil along the sleeve with the fan running. Tape to be replaced where it lifts.',
    tags: ['airtightness'],
    steps: ['Set fan to 50 Pa', 'Smoke pencil', 'Tape and repeat'],
    measure: { unit: 'm³/h·m²', from: 1.2, to: 7.5 },
  },
  {
    title: 'Cladding panel fixings',
    notes: 'Two panels rattle by hand. Check for missing clips behind the trim.',
    tags: ['facade', 'fixings'],
    steps: ['Pull test', 'Check clips', 'Count fixings'],
    measure: { unit: 'kN', from: 0.6, to: 2.4 },
  },
]

const ACCESS: Kind[] = [
  {
    title: 'Ramp gradient and landing',
    notes: 'Gradient along the centre line and the level landing at the top, with handrails on both sides.',
    tags: ['access'],
    steps: ['Measure gradient', 'Measure landing', 'Check handrail height'],
    measure: { unit: '%', from: 4, to: 9.5 },
  },
  {
    title: 'Door opening force, accessible entrance',
    notes: 'At the leading edge, from closed to 30 degrees. Above 30 N needs a powered opener.',
    tags: ['access', 'doors'],
    steps: ['Three readings', 'Check closer setting'],
    measure: { unit: 'N', from: 16, to: 52 },
  },
  {
    title: 'Accessible WC alarm cord',
    notes: 'Cord reaches to 100 mm above the floor and is not tied up. Reset within reach.',
    tags: ['access', 'alarm'],
    steps: ['Pull cord', 'Check sounder', 'Reset from seat'],
  },
]

const SERVICES: Kind[] = [
  {
    title: 'Hot water return temperature',
    notes: 'At the furthest tap and at the return to the calorifier, after one minute.',
    tags: ['water', 'legionella'],
    steps: ['Run one minute', 'Read at tap', 'Read at return'],
    measure: { unit: '°C', from: 43, to: 63 },
  },
  {
    title: 'Ventilation extract rate',
    notes: 'Hood readings per room against the commissioning sheet.',
    tags: ['ventilation'],
    steps: ['Fit hood', 'Read three times', 'Adjust valve'],
    measure: { unit: 'l/s', from: 5, to: 42 },
  },
  {
    title: 'Pipe insulation incomplete',
    notes: 'Valves and bends left bare in the ceiling void; condensation marks on the tiles below.',
    tags: ['water', 'insulation'],
    steps: ['Open void', 'Mark bare lengths', 'Check vapour barrier'],
  },
  {
    title: 'Drain fall and CCTV survey',
    notes: 'Standing water at the second joint. Survey again after jetting.',
    tags: ['drainage', 'survey'],
    steps: ['Jet', 'Survey', 'Upload recording'],
    measure: { unit: '%', from: 0.4, to: 3 },
  },
]

/** In the order of `PEOPLE`: the kinds of checks that each person's trade does most. */
export const TRADES: readonly (readonly Kind[])[] = [STRUCTURAL, FIRE, ELECTRICAL, ENVELOPE, ACCESS, SERVICES]

export const REMARKS: readonly string[] = [
  'Looked at it again this morning, no change.',
  'Contractor says the part is on order, two weeks at best.',
  'Photos are on the site drive under today’s date.',
  'Can somebody with a ladder confirm the upper half?',
  'Reading taken twice, same value both times.',
  'Agreed with the site manager: access on Thursday from 7.',
  'Out of tolerance, but only just. I would accept it with a note.',
  'Not accessible today, scaffold in the way.',
  'Made good and tested. Ready to be signed off.',
  'The drawing in the file is revision B, the one on the wall is D.',
  'Client was on site and asked about this one.',
  'Tape lifted again after the rain.',
  'Same defect two bays along, raised as a check of its own.',
  'Battery of the meter was low, so take this reading with care.',
  'Done with Esther, she has the paper form.',
  'Wrong bracket fitted. Sent back.',
]
