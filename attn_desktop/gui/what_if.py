"""What-ifs: the step shown decoded again with a change, as a branch beside the one it was on."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from attn_desktop.analysis.edit_words import describe_all
from attn_desktop.analysis.labels import source_axis
from attn_desktop.common.errors import UserError
from attn_desktop.common.mode import HARD, SOFT, Mode
from attn_desktop.gui.errand import CANCELLED, Errand
from attn_desktop.gui.intents import GoOn, MakeEdit, TakePath
from attn_desktop.gui.stepping import Stepping
from attn_desktop.trace.edits import check_edits
from attn_desktop.trace.protocol import AnyReply, Tokenize, Tokenized
from attn_desktop.trace.run_tree import Choice


class WhatIf(QObject):
    """Edits, given texts and followed hypotheses, for a session."""

    def __init__(self, stepping: Stepping, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stepping = stepping
        self._session = stepping.session
        self._asked: Errand | None = None

    def edit(self, intent: MakeEdit) -> None:
        """Make edits within the step shown, in addition to those that it has."""
        scene, step = self._stepping.playhead.scene, self._stepping.playhead.scene.step
        if scene.run is None or step is None:
            self._note("go to a step first: what happens inside it can be edited there")
            return
        added = tuple(replace(edit, lasting=intent.lasting) for edit in intent.edits)
        mode = step.mode
        if intent.hard is not None and mode.attends:
            mode = replace(mode, weighting=HARD if intent.hard else SOFT)
        try:
            run = scene.run
            check_edits(added, len(run.source), run.states.shape[1], len(run.start_state))
        except UserError as error:
            self._note(str(error))
            return
        edits = added if intent.instead else (*step.edits, *added)
        if (edits, mode) == (step.edits, step.mode):
            return
        labels = source_axis(scene.run).labels
        words = describe_all(added, labels) or "as the model has it"
        if intent.lasting:
            words += " from here on"
        self._stepping.again(f"step {step.t}: {words}", mode, edits=edits)

    def switch(self, mode: Mode) -> None:
        """Decode the step shown in another mode, without its edits, and go on in that mode."""
        step = self._stepping.playhead.scene.step
        if step is None:
            self._note("go to a step first: it can be decoded in another mode there")
        elif (mode, ()) == (step.mode, step.edits):
            self._note(f"step {step.t} is decoded in {mode} already")
        else:
            self._stepping.again(f"step {step.t}: {mode}", mode)

    def force_text(self, text: str) -> None:
        """Go on after the step shown with the tokens of a text, then as the model decodes."""
        home = self._session.home()
        if home is None:
            self._note("there is no sentence yet: write one and encode it")
            return
        if self._asked is not None:
            self._session.link.recall(self._asked)
        document, leaf = self._session.document, self._session.leaf
        t = self._stepping.playhead.scene.t

        def hear(reply: AnyReply) -> None:
            same = (self._session.document, self._session.leaf) == (document, leaf)
            if isinstance(reply, Tokenized) and same:
                self._force(text, t, reply.ids)

        def end(how: str) -> None:
            self._asked = None
            if how not in ("", CANCELLED):
                self._note(how)

        self._asked = Errand(
            home,
            lambda request, run: Tokenize(request=request, run=run, text=text),
            hear,
            end,
        )
        self._session.link.send(self._asked)

    def _force(self, text: str, t: int, tokens: tuple[int, ...]) -> None:
        document, session = self._session.document, self._session
        assert document is not None
        path = document.path(session.leaf, t)
        if path and document.ends(path[-1].id):
            self._note("the output has ended there; go back to a step before its end")
            return
        room = document.limits[session.run] - t
        if len(tokens) > room:
            self._note(f"the text has {len(tokens)} tokens; the output is cut off after {room}")
        ran = self._stepping.stop()
        self._stepping.branch(
            t,
            session.mode,
            session.choice,
            f"go on with “{text}” after step {t}" if t else f"begin with “{text}”",
            stay=t + len(tokens),
            to_end=ran,
            forced=tokens,
            compare=True,
        )

    def take_path(self, intent: TakePath) -> None:
        """Step along a hypothesis of a beam search, from the node after which that began."""
        t = self._stop_at(intent.node)
        if t is None:
            return
        choice = Choice(how="beam", seed=intent.seed)
        self._stepping.branch(
            t,
            intent.mode,
            choice,
            intent.name,
            stay=None,
            forced=intent.tokens,
            only_forced=True,
        )

    def go_on(self, intent: GoOn) -> None:
        """Decode after a node in another way, as when the mode and the seed were set by hand."""
        t = self._stop_at(intent.node)
        if t is not None:
            self._stepping.branch(
                t, intent.mode, intent.choice, intent.name, stay=None, steps=intent.steps
            )

    def _stop_at(self, node: int | None) -> int | None:
        """Stop decoding and show a branch that has this node: its step; None if it is gone."""
        session, document = self._session, self._session.document
        if document is None or (node is not None and node not in document.tree):
            return None
        self._stepping.stop()
        t = 0 if node is None else document.tree[node].t
        if t and document.path(session.leaf, t)[-1:] != document.path(node, t)[-1:]:
            session.show_branch(document.follow(node))
        return t

    def _note(self, text: str) -> None:
        self._session.failed.emit(text, "note")
