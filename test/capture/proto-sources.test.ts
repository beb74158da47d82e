/** Sources of Protocol Buffers: their messages have the names that descriptors of a compiler would give. */
import { describe, expect, test } from 'bun:test'
import { compileSources } from '../../src/capture/proto-sources'
import { Descriptors } from '../../src/protocols/lib/protobuf/descriptors'
import { protobufText } from '../../src/protocols/lib/protobuf/text'
import { fixed, message } from '../support/protobuf'

function read(...texts: readonly string[]) {
  const { files, warnings } = compileSources(texts.map((text, i) => ({ name: `${i}.proto`, text })))
  const into = new Descriptors(1000, false)
  for (const file of files) expect(into.addFile(file)).toBe(true)
  return { into, warnings }
}

const MONEY = 'edition = "2023"; package common; message Money { int64 units = 1; }'
const SHOP = `
  syntax = "proto3"; package shop.v1;
  import "google/protobuf/timestamp.proto"; import "google/api/annotations.proto"; import "common/money.proto";
  option go_package = "x/y";
  // A comment with message { in it.
  message Order {
    reserved 20 to 30;
    string order_id = 1; repeated Item items = 2; map<string, common.Money> counts = 3; State state = 4;
    int32 pin = 5 [debug_redact = true]; google.protobuf.Timestamp at = 6; repeated sint32 changes = 7;
    oneof price { double amount = 8; Item free = 9; } optional bool gift = 10; other.Gone gone = 11;
    enum State { option allow_alias = true; UNKNOWN = 0; PAID = 1; LOST = -1; }
    message Item { string sku = 1; Order order = 2; }
  }
  message Page { .shop.v1.Order.Item first = 1; }
  service Orders {
    rpc Get(Page) returns (stream Order) { option (google.api.http) = { get: "/v1/{id=orders/*}" }; }
    rpc Lost(Nowhere) returns (Order);
  }`

describe('sources', () => {
  test('give messages their names, whatever file a type is in', () => {
    const { into } = read(SHOP, MONEY)
    const { input, output } = into.method('/shop.v1.Orders/Get')!
    const order = Buffer.concat([
      message({
        1: 'a',
        2: [message({ 1: 'x', 2: message({ 1: 'b' }) })],
        3: [message({ 1: 'EUR', 2: message({ 1: 3 }) })],
        4: -1n,
        5: 1234,
        6: message({ 1: 5 }),
        7: Uint8Array.from([3, 4]),
        10: 1,
        11: message({ 1: 7 }),
      }),
      fixed(8, 2.5, 8),
    ])
    expect(protobufText(order, true, output)).toBe(
      'order_id: "a", items: {sku: "x", order: {order_id: "b"}}, counts: {key: "EUR", value: {units: 3}}, state: LOST, pin: [redacted], at: {seconds: 5}, changes: [-2, 2], gift: true, 11: {1: 7}, amount: 2.5',
    )
    expect(protobufText(message({ 1: message({ 1: 'y' }) }), true, input)).toBe('first: {sku: "y"}')
  })

  test('without a package, of proto2, with groups, extensions and defaults', () => {
    const { into, warnings } = read(
      'syntax = "proto2"; message A { required string a = 1 [default = "x\\"}"]; repeated group Part = 2 { optional int32 n = 1; } extensions 100 to max; } extend A { optional string e = 100; } service S { rpc Get(A) returns (A); }',
    )
    expect(into.method('/S/Get')!.input!.field(1)!.name).toBe('a')
    expect(warnings).toEqual([])
  })

  test('what they lack, and what can’t be read, is said; the rest is read', () => {
    const { into, warnings } = read(
      SHOP,
      'message X { optional string a = 1; }\nmessage Y { broken',
      'message X { optional string b = 1; }',
    )
    expect(warnings).toEqual([
      "1.proto is read up to an error: illegal token 'broken' (line 2)",
      "2.proto is read up to an error: duplicate name 'X' in Root",
      'types that no source has are shown with numbers: common.Money and 2 more',
    ])
    expect(into.message('X')!.field(1)!.name).toBe('a')
    expect(into.method('/shop.v1.Orders/Lost')!.output).toBeDefined()
    expect(into.method('/shop.v1.Orders/Lost')!.input).toBeUndefined()
  })

  test('names that are those of objects are names', () => {
    const { into } = read(
      'syntax = "proto3"; message constructor { string toString = 1; string hasOwnProperty = 2; }',
    )
    expect(into.message('constructor')!.field(1)!.name).toBe('toString')
  })

  test('nesting without end is an error, not the end', () => {
    const { warnings } = read(MONEY, `${'message A {'.repeat(20_000)}${'}'.repeat(20_000)}`)
    expect(warnings).toEqual([expect.stringMatching(/^1\.proto is read up to an error: /)])
  })
})
