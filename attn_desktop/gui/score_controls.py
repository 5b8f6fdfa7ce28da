"""Two sliders: the temperature of the softmax, and how far dot products are divided by √n."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from attn_desktop.analysis.score_bench import Lens
from attn_desktop.gui.flow_layout import FlowLayout
from attn_desktop.gui.theme import Theme

#: Steps of the slider of τ from 0.01 to 100 on a logarithmic scale, 1 in the middle; below the
#: first one is 0. Steps of the slider of √n.
TAU_STEPS, SCALE_STEPS = 400, 100
#: Least and largest length of a slider, width of its number, gap between the groups, at normal
#: type.
LEAST, MOST, NUMBER, GAP = 56, 180, 44, 8
SMALL = 0.85
TAU_TIP = (
    "Temperature τ of the softmax: α_j = exp(e_j / τ) / Σ_i exp(e_i / τ).\n"
    "Below 1 sharper, above 1 flatter; 0 is the limit, all of α on the largest e."
)
SCALE_TIP = (
    "From sᵀh (left) to sᵀh / √n (right), for the scores dot and general: e is divided by √n to "
    "the power of x.\n"
    "Why: if the n entries of s and h are independent with mean 0 and variance 1, sᵀh has mean 0 "
    "and variance n.\nSo with a larger n the energies grow apart like √n and the softmax gets so "
    "sharp that almost no gradient is left;\ndivided by √n their variance is 1 whatever n is "
    "(Vaswani et al. 2017, section 3.2.1)."
)


class LensControls(QWidget):
    """changed: the `Lens`, as often as a slider moves."""

    changed = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        #: n, None where it is not known.
        self.dimension: int | None = None
        self.tau, self.scale = (
            QSlider(Qt.Orientation.Horizontal),
            QSlider(Qt.Orientation.Horizontal),
        )
        self.tau.setRange(0, TAU_STEPS + 1)
        self.tau.setAccessibleName("Temperature τ")
        self.scale.setRange(0, SCALE_STEPS)
        self.scale.setAccessibleName("Division of dot products by √n")
        self.reset = QToolButton()
        self.reset.setText("reset")
        self.reset.setToolTip("τ = 1, and energies as the model has them")
        self.reset.clicked.connect(self._reset)
        self._names, self._numbers = (QLabel("τ"), QLabel("√n")), (QLabel(), QLabel())
        self._groups: list[QWidget] = []
        flow = FlowLayout(GAP, self)
        for slider, name, number, tip in zip(
            (self.tau, self.scale), self._names, self._numbers, (TAU_TIP, SCALE_TIP), strict=True
        ):
            # A click leaves the keys to the window.
            slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            slider.setToolTip(tip)
            group = QWidget()
            group.setToolTip(tip)
            row = QHBoxLayout(group)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(4)
            for widget in (name, slider, number):
                row.addWidget(widget)
            flow.addWidget(group)
            self._groups.append(group)
            slider.valueChanged.connect(self._moved)
        self.reset.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        flow.addWidget(self.reset)
        self.set_lens(Lens())
        self.set_theme(theme)

    @property
    def lens(self) -> Lens:
        """What the sliders say."""
        tau = self.tau.value()
        temperature = 10 ** (4 * (tau - 1) / TAU_STEPS - 2) if tau else 0.0
        return Lens(temperature, self.scale.value() / SCALE_STEPS if self.dimension else 0.0)

    def set_lens(self, lens: Lens) -> None:
        """Move both sliders."""
        for slider in (self.tau, self.scale):
            slider.blockSignals(True)
        self.tau.setValue(tau_step(lens.temperature))
        self.scale.setValue(round(SCALE_STEPS * lens.scaling))
        for slider in (self.tau, self.scale):
            slider.blockSignals(False)
        self._moved()

    def set_dimension(self, dimension: int | None) -> None:
        """n; None where it is not known, so that nothing can be divided by its root."""
        if dimension != self.dimension:
            self.dimension = dimension
            self._say()
        self.scale.setEnabled(dimension is not None)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours and sizes."""
        for labels, ink in ((self._names, theme.text), (self._numbers, theme.dim)):
            for label in labels:
                label.setFont(theme.font(SMALL))
                label.setStyleSheet(f"color: {ink};")
        for number in self._numbers:
            number.setFixedWidth(theme.px(NUMBER))
        self.reset.setFont(theme.font(SMALL))
        self._theme = theme

    def fit(self, width: int) -> int:
        """Make the sliders as long as a width leaves room for; the height of all in that width."""
        flow = self.layout()
        assert flow is not None
        self._lengthen(self._theme.px(LEAST))
        spare = max(0, width - flow.sizeHint().width())
        self._lengthen(min(self._theme.px(LEAST) + spare // 2, self._theme.px(MOST)))
        return flow.heightForWidth(width)

    def _lengthen(self, length: int) -> None:
        for slider in (self.tau, self.scale):
            slider.setFixedWidth(length)
        for group in self._groups:
            group.updateGeometry()  # at once: what is around it remembers how large it was

    def _reset(self) -> None:
        self.set_lens(Lens())

    def _moved(self, *_: object) -> None:
        self._say()
        self.changed.emit(self.lens)

    def _say(self) -> None:
        lens = self.lens
        tau, scale = self._numbers
        tau.setText(f"{lens.temperature:.3g}" if lens.temperature else "argmax")
        divisor = self.dimension ** (lens.scaling / 2) if self.dimension else 1.0
        scale.setText(f"÷ {divisor:.3g}" if self.dimension else "n ?")
        self.reset.setEnabled(lens != Lens())


def tau_step(temperature: float) -> int:
    """The step of the slider that is nearest to a τ."""
    if temperature <= 0:
        return 0
    step = 1 + round(TAU_STEPS * (math.log10(temperature) + 2) / 4)
    return min(max(step, 1), TAU_STEPS + 1)
