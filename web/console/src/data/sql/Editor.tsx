/** The text of a query: CodeMirror with SQL's colours, the tables' names, and the place of the last error. */
import { autocompletion, closeBrackets, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { sql, StandardSQL } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, StateEffect, StateField, type Extension } from "@codemirror/state";
import {
  Decoration,
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
  placeholder,
  type DecorationSet,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import { nonce } from "@/kit/nonce";
import type { EditorHandle, EditorProps } from "./editorProps";

const setProblem = StateEffect.define<{ line: number; column: number } | null>();

const problem = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, change) {
    let next = change.docChanged ? Decoration.none : marks;
    for (const effect of change.effects) {
      if (!effect.is(setProblem)) continue;
      const doc = change.state.doc;
      if (effect.value === null || effect.value.line > doc.lines) next = Decoration.none;
      else {
        const line = doc.line(effect.value.line);
        const from = Math.min(line.from + effect.value.column - 1, line.to);
        const word = /^[\w"'.]+/.exec(doc.sliceString(from, line.to))?.[0].length ?? 1;
        const to = Math.min(Math.max(from + word, from + 1), line.to);
        const whole = Decoration.line({ class: "sql-problem-line" }).range(line.from);
        next =
          to > from
            ? Decoration.set([whole, Decoration.mark({ class: "sql-problem" }).range(from, to)], true)
            : Decoration.set([whole]);
      }
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--warn)" },
  { tag: tags.comment, color: "var(--faint)", fontStyle: "italic" },
]);

function language(tables: EditorProps["tables"]): Extension {
  const schema = Object.fromEntries(
    tables.map((table) => [table.name, table.columns.map((one) => ({ label: one.name, detail: one.type, type: "property" }))]),
  );
  return sql({ dialect: StandardSQL, schema, upperCaseKeywords: true });
}

export default function Editor({ value, onChange, onRun, tables, error, handle, label, hint }: EditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const speech = useRef(new Compartment());
  const latest = useRef({ onChange, onRun });
  latest.current = { onChange, onRun };
  useEffect(() => {
    const made = new EditorView({
      parent: box.current!,
      state: EditorState.create({
        doc: value,
        extensions: [
          EditorView.cspNonce.of(nonce),
          keymap.of([
            { key: "Mod-Enter", run: () => (latest.current.onRun(), true) },
            // Tab leaves the editor as it leaves any field; the suggestions are chosen with Enter.
            ...completionKeymap,
            ...defaultKeymap.filter((one) => one.key !== "Mod-Enter"),
            ...historyKeymap,
          ]),
          // Typing over a selection, the browser would copy its style into the text; the content policy forbids that.
          EditorView.domEventHandlers({
            beforeinput: (event, editor) => {
              const { data, inputType, isComposing } = event as InputEvent;
              if (inputType !== "insertText" || !data || isComposing || editor.state.selection.main.empty) return false;
              event.preventDefault();
              editor.dispatch({ ...editor.state.replaceSelection(data), userEvent: "input.type", scrollIntoView: true });
              return true;
            },
          }),
          lineNumbers(),
          history(),
          drawSelection(),
          highlightActiveLine(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ icons: false }),
          syntaxHighlighting(colours),
          speech.current.of(language(tables)),
          problem,
          placeholder(hint),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label, "data-testid": "sql-text" }),
          EditorView.updateListener.of((change) => {
            if (change.docChanged) latest.current.onChange(change.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    const given: EditorHandle = {
      insert: (text) => {
        made.dispatch(made.state.replaceSelection(text));
        made.focus();
      },
      focus: () => made.focus(),
    };
    if (handle) handle.current = given;
    return () => made.destroy();
    // The view is made once; what changes later is dispatched below.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  useEffect(() => {
    const made = view.current;
    if (made && made.state.doc.toString() !== value) {
      made.dispatch({ changes: { from: 0, to: made.state.doc.length, insert: value } });
    }
  }, [value]);
  useEffect(() => {
    view.current?.dispatch({ effects: speech.current.reconfigure(language(tables)) });
  }, [tables]);
  useEffect(() => {
    view.current?.dispatch({ effects: setProblem.of(error) });
  }, [error]);
  return <div ref={box} className="sql-editor" data-testid="sql-editor" />;
}
