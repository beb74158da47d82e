/** PxL's syntax tree: the part of Python that PxL is. `at` and `end` are offsets into the text. */

export type BinaryOp = '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'and' | 'or'

export type UnaryOp = '-' | '+' | '~' | 'not'

export interface Argument {
  /** Undefined for a positional argument. */
  readonly name: string | undefined
  readonly value: Expression
  readonly at: number
}

export interface Span {
  readonly at: number
  readonly end: number
}

export type Expression = Span &
  (
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'string'; readonly value: string }
    | { readonly kind: 'int'; readonly value: bigint }
    | { readonly kind: 'float'; readonly value: number }
    | { readonly kind: 'bool'; readonly value: boolean }
    | { readonly kind: 'none' }
    | { readonly kind: 'list' | 'tuple'; readonly items: readonly Expression[] }
    | { readonly kind: 'dict'; readonly entries: readonly (readonly [Expression, Expression])[] }
    | {
        readonly kind: 'attribute'
        readonly object: Expression
        readonly name: string
        readonly nameAt: number
      }
    | { readonly kind: 'subscript'; readonly object: Expression; readonly index: Expression }
    | { readonly kind: 'call'; readonly callee: Expression; readonly args: readonly Argument[] }
    | { readonly kind: 'unary'; readonly op: UnaryOp; readonly operand: Expression }
    | {
        readonly kind: 'binary'
        readonly op: BinaryOp
        readonly opAt: number
        readonly left: Expression
        readonly right: Expression
      }
  )

export interface Parameter {
  readonly name: string
  readonly annotation: Expression | undefined
  readonly fallback: Expression | undefined
  readonly at: number
}

export interface ImportedName {
  readonly name: string
  readonly alias: string
  readonly at: number
}

export type Statement = Span &
  /** `import px`, `import px as pl`; with `from`, names of that module. */
  (
    | { readonly kind: 'import'; readonly from: string | undefined; readonly names: readonly ImportedName[] }
    | { readonly kind: 'assign'; readonly target: Expression; readonly value: Expression }
    | {
        readonly kind: 'function'
        readonly name: string
        readonly params: readonly Parameter[]
        readonly body: readonly Statement[]
        readonly decorators: readonly Expression[]
      }
    | { readonly kind: 'return'; readonly value: Expression | undefined }
    | { readonly kind: 'expression'; readonly value: Expression }
  )
