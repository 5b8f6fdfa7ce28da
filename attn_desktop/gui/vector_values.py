"""Where the values of an edit of c_t or s_t come from: a number, h_j, or another step's c or s."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSpinBox, QStackedWidget, QWidget

from attn_desktop.analysis.labels import source_axis
from attn_desktop.common.errors import InputError
from attn_desktop.gui.alpha_edit import sentence
from attn_desktop.gui.scene import Scene
from attn_desktop.gui.vector_edit import VECTORS, Floats, fitting, read_number, vector_of

NUMBER, ANNOTATION, STEP, BASELINE = "number", "h", "step", "baseline"
SYMBOLS = ("c", "s")
TARGETS = {symbol: target for target, symbol in VECTORS.items()}


class ValueRow(QWidget):
    """changed: other values were chosen. size: of the vector that is edited."""

    changed = Signal()

    def __init__(self, scene: Scene, size: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene, self._size = scene, size
        self.kind, self.number = QComboBox(), QLineEdit("1")
        self.kind.setAccessibleName("Values")
        self.number.setAccessibleName("Number")
        self.position, self.step = QComboBox(), QSpinBox()
        self.position.setAccessibleName("Source position")
        self.position.setMinimumContentsLength(10)
        self.position.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.step.setPrefix("step ")
        self._parts = QStackedWidget()
        for part in (self.number, self.position, self.step, QWidget()):
            self._parts.addWidget(part)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.kind)
        layout.addWidget(self._parts, 1)
        self._fill()
        self.kind.currentIndexChanged.connect(self._kind_chosen)
        self.number.textChanged.connect(self.changed)
        self.position.currentIndexChanged.connect(self.changed)
        self.step.valueChanged.connect(self.changed)
        self._kind_chosen()

    def values(self) -> Floats | float:
        """A number for all dimensions, or a vector; InputError where neither is there."""
        scene, (kind, symbol) = self._scene, self._chosen()
        if kind == NUMBER:
            return read_number(self.number.text(), "value")
        assert scene.run is not None
        if kind == ANNOTATION:
            j = self.position.currentIndex()
            return fitting(f"h_{j + 1}", scene.run.states[j], self._size)
        if kind == BASELINE:
            return self._of_baseline(symbol)
        t = self.step.value()
        if t == 0:
            return fitting("s_0", scene.run.start_state, self._size)
        return fitting(f"{symbol}_{t}", vector_of(scene.steps[t - 1], TARGETS[symbol]), self._size)

    def _of_baseline(self, symbol: str) -> Floats:
        scene, baseline = self._scene, self._scene.baseline
        if baseline is None:
            raise InputError("no branch is compared with: choose a baseline first")
        if scene.t > len(baseline.steps):
            raise InputError(f"the baseline has {len(baseline.steps)} steps only")
        vector = vector_of(baseline.steps[scene.t - 1], TARGETS[symbol])
        return fitting(f"{symbol}_{scene.t} of the baseline", vector, self._size)

    def _chosen(self) -> tuple[str, str]:
        kind, symbol = self.kind.currentData().split()
        return kind, symbol

    def _kind_chosen(self) -> None:
        kind, symbol = self._chosen()
        self._parts.setCurrentIndex([NUMBER, ANNOTATION, STEP, BASELINE].index(kind))
        # s_0 is there before the first step, c_0 is not.
        self.step.setMinimum(0 if symbol == "s" else 1)
        self.changed.emit()

    def _fill(self) -> None:
        scene, run = self._scene, self._scene.run
        self._add("a number", f"{NUMBER} -")
        self._add("h of a source position", f"{ANNOTATION} -")
        for symbol in SYMBOLS:
            self._add(f"{symbol} of a step", f"{STEP} {symbol}")
        for symbol in SYMBOLS:
            self._add(f"{symbol} of the baseline's step {scene.t}", f"{BASELINE} {symbol}")
        if run is None or not scene.steps:
            return
        labels = source_axis(run).labels
        self.position.addItems([f"h_{j} “{label}”" for j, label in enumerate(labels, start=1)])
        self.step.setRange(1, len(scene.steps))
        self.step.setValue(max(1, scene.t - 1))
        step = scene.steps[0]
        lengths = {"h": run.states.shape[1], "c": len(step.active.context)}
        lengths["s"] = len(run.start_state)
        of = {f"{ANNOTATION} -": "h", **{f"{k} {s}": s for k in (STEP, BASELINE) for s in SYMBOLS}}
        for index in range(self.kind.count()):
            symbol = of.get(self.kind.itemData(index), "")
            if symbol and lengths[symbol] != self._size:
                why_not = f"{symbol} has {lengths[symbol]} dimensions, not {self._size}"
                self._disable(index, why_not)
            elif self.kind.itemData(index).startswith(BASELINE):
                self._disable_without_baseline(index, symbol)

    def _disable_without_baseline(self, index: int, symbol: str) -> None:
        try:
            self._of_baseline(symbol)
        except InputError as error:
            self._disable(index, str(error))

    def _add(self, text: str, data: str) -> None:
        self.kind.addItem(text, data)

    def _disable(self, index: int, why_not: str) -> None:
        model = self.kind.model()
        assert isinstance(model, QStandardItemModel)
        item: QStandardItem = model.item(index)
        item.setEnabled(False)
        item.setToolTip(sentence(why_not))
