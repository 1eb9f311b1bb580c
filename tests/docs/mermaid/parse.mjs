// Parses the diagrams on standard input, a JSON array of texts. Prints the errors as a JSON array.
import { readFileSync } from 'node:fs'
import { JSDOM } from 'jsdom'

// Mermaid cleans labels with DOMPurify, which needs a document.
const { window } = new JSDOM('<!doctype html>')
globalThis.window = window
globalThis.document = window.document
const { default: mermaid } = await import('mermaid')

const errors = []
for (const text of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    await mermaid.parse(text)
  } catch (error) {
    errors.push(`${text}\n${error.message}`)
  }
}
console.log(JSON.stringify(errors))
