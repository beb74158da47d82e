/** What Python has and PxL hasn't. */

/** What to write instead, by node of Python's grammar. */
export const NOT_PXL: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  IfStatement: [
    'if statements',
    'Filter rows with df[condition], choose values with px.select(condition, a, b).',
  ],
  ForStatement: ['loops', 'A dataframe operation works on all rows at once: df.new = df.a + df.b.'],
  WhileStatement: ['loops', 'A dataframe operation works on all rows at once: df.new = df.a + df.b.'],
  TryStatement: ['try statements', 'Leave it out: an error ends the script.'],
  WithStatement: ['with statements', 'Leave it out.'],
  ClassDefinition: ['classes', 'Write functions (def) that take and return dataframes.'],
  UpdateStatement: ['augmented assignment', 'Write a = a + b in place of a += b.'],
  DeleteStatement: ['del', "Write df = df.drop('column')."],
  PassStatement: ['pass', 'Leave it out; a function needs a return statement or a call.'],
  BreakStatement: ['break', 'PxL has no loops.'],
  ContinueStatement: ['continue', 'PxL has no loops.'],
  RaiseStatement: ['raise', 'Leave it out.'],
  AssertStatement: ['assert', 'Leave it out.'],
  ScopeStatement: ['global and nonlocal', 'Pass the value as an argument and return the result.'],
  PrintStatement: ['print', "Write px.display(df, 'name')."],
  MatchStatement: ['match statements', 'Choose values with px.select(condition, a, b).'],
  TypeDefinition: ['type statements', 'Leave it out.'],
  YieldStatement: ['yield', 'Write return df.'],
  LambdaExpression: ['lambda', 'Write a function with def, or the expression itself on columns.'],
  ConditionalExpression: [
    'conditional expressions',
    'Write px.select(condition, a, b) in place of a if condition else b.',
  ],
  ArrayComprehensionExpression: ['comprehensions', 'Write the list out.'],
  ComprehensionExpression: ['comprehensions', 'Write the values out.'],
  SetComprehensionExpression: ['comprehensions', 'Write the values out.'],
  DictionaryComprehensionExpression: ['comprehensions', 'Write the dictionary out.'],
  SetExpression: ['sets', 'Write a list: [a, b].'],
  FormatString: ['f-strings', "Join texts with +: 'pod ' + name."],
  AwaitExpression: ['await', 'Leave it out.'],
  YieldExpression: ['yield', 'Write return df.'],
  NamedExpression: ['assignment expressions', 'Assign on a line of its own.'],
  Ellipsis: ['...', 'Write the statement out.'],
}

/** By operator: what to write instead. */
export const OPERATOR_HINTS: Readonly<Record<string, string>> = {
  '**': 'Write px.pow(a, b).',
  '//': 'Write px.floor(a / b).',
  in: 'Write px.contains(text, part), or px.equals_any(column, [values]).',
  'not in': 'Write not px.equals_any(column, [values]).',
  is: 'Write ==.',
  'is not': 'Write !=.',
  '&': 'Write and.',
  '|': 'Write or.',
  '<>': 'Write !=.',
}

/** By method that dataframes have elsewhere: what to write instead. */
export const METHOD_HINTS: Readonly<Record<string, string>> = {
  sort: 'Rows are ordered where they are shown; df.head(n) takes the newest.',
  sort_values: 'Rows are ordered where they are shown; df.head(n) takes the newest.',
  tail: 'Take rows with df.head(n).',
  limit: 'Take rows with df.head(n).',
  distinct: "Write df.groupby(['a', 'b']).agg().",
  unique: "Write df.groupby(['a', 'b']).agg().",
  drop_duplicates: "Write df.groupby(['a', 'b']).agg().",
  filter: 'Write df[condition].',
  query: 'Write df[condition].',
  select: "Write df[['a', 'b']].",
  assign: 'Write df.name = ….',
  rename: "Write df.new = df.old, then df = df.drop('old').",
  join: "Write df.merge(right, how='inner', left_on='a', right_on='b').",
  concat: 'Write df.append(other).',
  union: 'Write df.append(other).',
  apply: 'Functions of px work on whole columns: df.new = px.floor(df.a).',
}
