"""Everything that decodes: steps, runs, and what is decoded anew after a change.

Steps come from the engine through the link, one by one; each is checked and put into the document
by an undo command. A change of mode, seed or token decodes what follows the playhead again, as a
branch, as far as the branch before went; what was decoded just so before is used again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from attn_desktop.common.errors import UserError
from attn_desktop.common.mode import HARD, Mode
from attn_desktop.gui.document import Finished, chosen
from attn_desktop.gui.job import DecodeJob
from attn_desktop.gui.scene import Phase, Scene
from attn_desktop.gui.session import Session
from attn_desktop.gui.undo import AddSteps, ChangeView
from attn_desktop.trace.edits import Edit, inherited, possible
from attn_desktop.trace.protocol import Stepped
from attn_desktop.trace.records import RunRecord
from attn_desktop.trace.run_tree import MAX_SEED, Choice, Node
from attn_desktop.trace.trace import Axes, check_run, check_step

#: Presses of the step key that are kept while a step is under way.
MAX_QUEUED = 3


class Stepping(QObject):
    """Decodes on for a session. run_after_encoding: whether a new sentence runs to its end.

    broke: a run stopped at this step, at these breakpoints.
    """

    broke = Signal(int, str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.link = session.link
        self.playhead = session.playhead
        self.run_after_encoding = True
        self._queued = 0
        self._checked: tuple[RunRecord, Axes] | None = None
        session.encoded.connect(self._encoded)
        session.moved.connect(self._moved)
        session.failed.connect(self._failed)
        self.link.stepped.connect(self._stepped)
        self.link.finished.connect(self._finished)

    def step(self, breaks: bool = False) -> None:
        """One step on: along what is recorded, else decoded.

        breaks: whether it is part of a run, which a breakpoint ends.
        """
        scene = self.playhead.scene
        if scene.t and scene.phase < Phase.TOKEN:
            self.session.go(scene.t)
        elif scene.t < len(scene.steps):
            self.session.go(scene.t + 1)
            if breaks and scene.t + 1 in stops(scene):
                self.stopped_at(scene.t + 1)
        elif self.link.decoding is not None:
            self._queued = min(self._queued + 1, MAX_QUEUED)
        else:
            self._decode_on(1, breaks=breaks)

    def next_phase(self) -> None:
        """One phase on; decodes the next step where it is not recorded."""
        if not self.session.next_phase():
            self._decode_on(1, Phase.ENERGIES)

    def run(self) -> None:
        """To the next breakpoint, else to the end of the output."""
        scene, document = self.playhead.scene, self.session.document
        at = min((t for t in stops(scene) if t > scene.t), default=None)
        if at is not None:
            self.session.go(at)
            self.stopped_at(at)
            return
        if scene.t < len(scene.steps):
            self.session.go(len(scene.steps))
        if document is not None and not scene.complete:
            steps = document.limits[self.session.run] - len(scene.steps)
            self._decode_on(steps, breaks=True)

    def run_back(self) -> None:
        """Back to the last breakpoint of what is recorded, else before the first step."""
        scene = self.playhead.scene
        at = max((t for t in stops(scene) if t < scene.t), default=0)
        self.session.go(at)
        if at:
            self.stopped_at(at)

    def stopped_at(self, t: int) -> None:
        """Count the breakpoints that hold at a step, where a run has come to stand."""
        marks = self.playhead.scene.breakpoints
        hit = [mark.condition for mark in marks if mark.enabled and t in mark.steps]
        self.session.count_hits(hit)
        self.broke.emit(t, ", ".join(hit))

    def stop(self) -> bool:
        """Stop whatever is under way; whether it was a run that had more steps to go."""
        job = self.link.decoding
        self._queued = 0
        self.link.stop()
        return job is not None and job.steps > 1

    def _decode_on(self, steps: int, phase: Phase = Phase.TOKEN, *, breaks: bool = False) -> None:
        """Decode after the last step of the branch."""
        session, scene = self.session, self.playhead.scene
        done = len(scene.steps)
        if session.document is None:
            session.failed.emit("there is no sentence yet: write one and encode it", "note")
        elif scene.complete:
            session.failed.emit("the output has ended; go back, or change something", "note")
        elif done >= session.document.limits[session.run]:
            session.failed.emit(f"the output was cut off after {done} steps without an end", "note")
        else:
            text = f"step {done + 1}" if steps == 1 else "run to the end"
            path = list(session.document.path(session.leaf, done))
            edits = _passed_on(path, session.mode)
            self._decode(
                path,
                steps,
                session.mode,
                session.choice,
                text,
                edits=edits,
                phase=phase,
                breaks=breaks,
            )

    def _decode(
        self,
        path: list[Node],
        steps: int,
        mode: Mode,
        choice: Choice,
        text: str,
        *,
        forced: tuple[int, ...] = (),
        edits: tuple[Edit, ...] = (),
        stay: int | None = None,
        phase: Phase = Phase.TOKEN,
        breaks: bool = False,
        baseline: int | None = None,
    ) -> None:
        assert self.session.document is not None
        before = self.session.view
        command = AddSteps(self.session, text, before, replace(before, mode=mode, choice=choice))
        job = DecodeJob(
            path=path,
            steps=steps,
            mode=mode,
            choice=choice,
            command=command,
            new_id=self.session.document.tree.new_id,
            forced=forced,
            edits=edits,
            run=self.session.run,
            breaks=breaks,
            follow=stay is None,
            stay=stay or 0,
            phase=phase,
            baseline=before.baseline if baseline is None else baseline,
        )
        self.link.decode(job)
        self.session.set_ways(mode, chosen(choice, Choice()))

    # -- changing what follows ------------------------------------------------------------

    def set_mode(self, mode: Mode) -> None:
        """Decode on in another mode: what is recorded after the playhead is decoded anew."""
        if mode != self.session.mode:
            self._switch(mode, self.session.choice, f"switch to {mode}")

    def set_choice(self, choice: Choice) -> None:
        """Choose tokens, or draw, in another way from here on."""
        if choice != self.session.choice:
            self._switch(self.session.mode, choice, f"choose {choice.how}, seed {choice.seed}")

    def _switch(self, mode: Mode, choice: Choice, text: str) -> None:
        ran = self.stop()
        scene = self.playhead.scene
        ended = scene.complete or scene.cut_off
        if scene.t == len(scene.steps) and not ended and not ran:
            after = replace(self.session.view, mode=mode, choice=choice)
            self.session.undo_stack.push(ChangeView(self.session, text, self.session.view, after))
        elif ended and scene.t == len(scene.steps):  # nothing follows: all of it anew
            self.branch(0, mode, choice, text, stay=None)
        else:
            stay = None if ran and scene.t == len(scene.steps) else scene.t
            self.branch(scene.t, mode, choice, text, stay=stay, to_end=ran)

    def redraw(self) -> None:
        """Decode the step shown again as the next one would be, with a seed not yet used here."""
        scene, document = self.playhead.scene, self.session.document
        if document is None or scene.step is None:
            return
        if self.session.mode.weighting != HARD and self.session.choice.how != "sampled":
            self.session.failed.emit(
                "nothing is drawn here: switch to hard attention, or to sampled tokens", "note"
            )
            return
        ran = self.stop()
        parent = scene.step.parent
        seeds = [child.choice.seed for child in document.tree.children(parent)]
        seed = max([*seeds, self.session.choice.seed]) + 1
        choice = replace(self.session.choice, seed=seed if seed <= MAX_SEED else 0)
        text = f"redraw step {scene.t} with seed {choice.seed}"
        mode = self.session.mode
        if (scene.complete or scene.cut_off) and scene.t == len(scene.steps):
            self.branch(0, mode, choice, "redraw the output", stay=None)
        else:
            # What was edited stays, but for a position that somebody picked in place of a draw.
            kept = possible(scene.step.edits, mode.attends)
            edits = tuple(edit for edit in kept if edit.target != "position")
            self.branch(scene.t - 1, mode, choice, text, stay=scene.t, to_end=ran, edits=edits)

    def force(self, token_id: int, token: str) -> None:
        """Take another token at the step shown, and decode on from it."""
        step = self.playhead.scene.step
        if step is not None and step.token_id != token_id:
            text = f"force “{token}” at step {step.t}"
            self.again(text, step.mode, forced=(token_id,), edits=step.edits)

    def again(
        self,
        text: str,
        mode: Mode,
        *,
        forced: tuple[int, ...] = (),
        edits: tuple[Edit, ...] = (),
    ) -> None:
        """Decode the step shown again, and what follows it as far as the branch went: a what-if.

        The branch that it departs from is what it is compared with, unless something else is.
        """
        scene = self.playhead.scene
        ran = self.stop()
        self.branch(
            scene.t - 1,
            mode,
            self.session.choice,
            text,
            stay=scene.t,
            to_end=ran,
            forced=forced,
            edits=edits,
            compare=True,
        )

    def branch(
        self,
        t: int,
        mode: Mode,
        choice: Choice,
        text: str,
        *,
        stay: int | None,
        to_end: bool = False,
        forced: tuple[int, ...] = (),
        edits: tuple[Edit, ...] | None = None,
        only_forced: bool = False,
        steps: int | None = None,
        compare: bool = False,
    ) -> None:
        """Decode after step t of the branch shown, as far as that went, reusing what is there.

        to_end: as far as that was about to go. edits: of the first step; None for those that it
        inherits. only_forced: no further than the tokens that are given. steps: how many, however
        far the branch went. compare: with the branch shown so far, unless something is compared
        already.
        """
        document, scene, run = self.session.document, self.playhead.scene, self.session.run
        assert document is not None
        limit = document.limits[run]
        endless = scene.complete or scene.cut_off or to_end
        far = t if only_forced else limit if endless else len(scene.steps)
        if steps is not None:
            far = t + steps
        goal = min(limit, max(far, t + len(forced)))
        start = list(document.path(self.session.leaf, t))
        if edits is None:
            edits = _passed_on(start, mode)
        path, complete = document.retrace(start, goal, mode, choice, forced, edits, run)
        baseline = self.session.baseline
        if compare and baseline is None:
            baseline = self.session.leaf
        if complete:
            place = len(path) if stay is None else min(stay, len(path))
            leaf = document.follow(path[-1].id)
            after = replace(
                self.session.view,
                leaf=leaf,
                t=place,
                phase=Phase.TOKEN,
                mode=mode,
                choice=chosen(choice, Choice()),
                baseline=baseline,
            )
            self.session.undo_stack.push(ChangeView(self.session, text, self.session.view, after))
            return
        if len(path) > t:  # the first steps are there already
            edits = _passed_on(path, mode)
        self._decode(
            path,
            goal - len(path),
            mode,
            choice,
            text,
            forced=forced[len(path) - t :],
            edits=edits,
            stay=stay,
            baseline=baseline,
        )

    # -- what the engine sends ------------------------------------------------------------

    def _stepped(self, job: DecodeJob, reply: Stepped) -> None:
        document = self.session.document
        assert document is not None
        finished = Finished(reply.node, reply.record, reply.probes)
        try:
            expected = job.path[-1].id if job.path else None
            if (reply.node.parent, reply.record.node) != (expected, reply.node.id):
                raise UserError(f"step {reply.node.t} does not follow what was asked for")
            check_step(f"step {reply.node.t}", reply.record, self._axes(document.runs[job.run]))
            document.add(finished)
        except UserError as error:
            self.link.stop()
            self.session.failed.emit(f"the engine sent a step of no use: {error}", "bug")
            return
        job.arrived(reply.node)
        command = job.command
        if not command.steps:
            self.session.undo_stack.push(command)
        command.steps.append(finished)
        self.session.leaf, self.session.baseline = reply.node.id, job.baseline
        t = reply.node.t if job.follow else job.stay
        self.session.show(t, job.phase if job.follow else Phase.TOKEN)
        if job.breaks and reply.node.t in stops(self.playhead.scene):
            self.link.stop()
            self.stopped_at(reply.node.t)
        command.after = self.session.view

    def _axes(self, run: RunRecord) -> Axes:
        if self._checked is None or self._checked[0] is not run:
            self._checked = (run, check_run(run))
        return self._checked[1]

    def _finished(self, job: DecodeJob) -> None:
        if self.session.document is None or self.link.busy:
            return
        self.session.refresh()  # no longer busy
        self.session.follow_ways()
        # A job that was stopped has steps left.
        if self._queued and job.steps == 0 and not self.playhead.scene.complete:
            self._queued -= 1
            self.step()

    def _encoded(self) -> None:
        if self.run_after_encoding:
            self.run()

    def _moved(self) -> None:
        """The user took the playhead: what is still decoded comes without it."""
        self._queued = 0
        job = self.link.decoding
        if job is not None:
            job.follow, job.stay = False, self.playhead.scene.t

    def _failed(self) -> None:
        self._queued = 0


def _passed_on(path: Sequence[Node], mode: Mode) -> tuple[Edit, ...]:
    """The edits that the step after a path inherits."""
    return inherited(path[-1].edits, mode.attends) if path else ()


def stops(scene: Scene) -> frozenset[int]:
    """The steps of the branch shown at which a run stops."""
    return frozenset(t for mark in scene.breakpoints if mark.enabled for t in mark.steps)
