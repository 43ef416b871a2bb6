import { readFileSync } from 'node:fs';
import ts from 'typescript';

/**
 * The titles of the tests of a file, as they are written: those of `test.each` once for each row of a table that stands in the
 * file. What is only known while it runs stays a placeholder.
 */
export function titlesIn(file: string): readonly string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  return callsIn(source).flatMap((call) => {
    const { expression: callee, arguments: given } = call;
    const title = textOf(given[0]);
    if (title === undefined) return [];
    if (callee.getText(source) === 'test') return [title];
    if (!ts.isCallExpression(callee) || callee.expression.getText(source) !== 'test.each') return [];
    const rows = elementsOf(callee.arguments[0], source);
    return rows.length === 0 ? [title] : rows.map((row) => filledIn(title, row, source));
  });
}

/** Without what it is about in brackets before it. */
export const bare = (title: string): string => title.replace(/^(\[[^\]]+\]\s*)+/, '');

function callsIn(node: ts.Node): ts.CallExpression[] {
  const below: ts.CallExpression[] = [];
  node.forEachChild((child) => void below.push(...callsIn(child)));
  return ts.isCallExpression(node) ? [node, ...below] : below;
}

function textOf(node: ts.Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map(({ literal }) => `\${}${literal.text}`).join('');
}

/** Of an array, or of a constant of the same file that is one. */
function elementsOf(node: ts.Node | undefined, source: ts.SourceFile): readonly ts.Expression[] {
  if (node === undefined) return [];
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) return elementsOf(node.expression, source);
  if (ts.isArrayLiteralExpression(node)) return node.elements;
  return ts.isIdentifier(node) ? elementsOf(valueOf(node.text, source), source) : [];
}

function valueOf(name: string, node: ts.Node): ts.Expression | undefined {
  if (ts.isVariableDeclaration(node) && node.name.getText() === name) return node.initializer;
  return node.forEachChild((child) => valueOf(name, child));
}

/** As jest does: `$name` of an object, `%s` and its like one after the other. */
function filledIn(title: string, row: ts.Expression, source: ts.SourceFile): string {
  if (ts.isObjectLiteralExpression(row)) {
    const named = new Map(
      row.properties
        .filter(ts.isPropertyAssignment)
        .map(({ name, initializer }) => [name.getText(source), textOf(initializer)]),
    );
    return title.replaceAll(/\$(\w+)/g, (placeholder, name: string) => named.get(name) ?? placeholder);
  }
  const values = ts.isArrayLiteralExpression(row) ? row.elements.map(textOf) : [textOf(row)];
  return title.replaceAll(/%[sdifjop]/g, (placeholder) => values.shift() ?? placeholder);
}
