"""The words of the reports, and numbers as each language writes them."""

from __future__ import annotations

from opstap.evaluation.analysis import Result
from opstap.evaluation.statistics import Interval

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "simulated": "SIMULATED: virtual workers, not people. These figures say nothing about real benches.",
        "subtitle": "{n} people, {cases} cases, {hours} hours of work. {design}",
        "subtitle_forms": "{n} people, asked {first} and {second}.",
        "before_after": "Each person first {first}, then {second}.",
        "with_without": "Each person worked both {first} and {second}, in turns.",
        "crossover": "Half of the people began {first}, half {second}; then they changed over.",
        "case_seconds": "Speed",
        "errors_per_100": "Quality",
        "coach_minutes_per_hour": "Coaching time",
        "grade.grade": "Grade",
        "work_confidence.confidence": "Belief in own ability",
        "oss_sf.self_efficacy": "Belief in own ability",
        "better": "Better",
        "worse": "Worse",
        "changed": "Different",
        "unclear": "Not clear",
        "none": "No range",
        "mean": "Mean",
        "less": "{x} less",
        "more": "{x} more",
        "as_much": "no change",
        "from_to": "From {a} to {b} {unit} on average.",
        "between": "The true change may lie between {low} and {high}.",
        "between_same": "The true change may lie between {low} and {high} {way}.",
        "cannot_tell": "This study cannot tell which.",
        "no_range": "Everybody changed alike, so no range can be given.",
        "single": "{mean} on average, of {n} people. The true mean may lie between {low} and {high}.",
        "single_no_range": "{mean} on average, of {n} people.",
        "people_up": "{more} of {n} people scored higher, {same} the same, {less} lower.",
        "whole": "Beforehand, a change of {x} was called worthwhile: all of the range is beyond that.",
        "part": "Beforehand, a change of {x} was called worthwhile: only part of the range is beyond that.",
        "nothing": "Beforehand, a change of {x} was called worthwhile: none of the range is beyond that.",
        "main": "The main question, named beforehand: {name}.",
        "careful": "What this does not tell",
        "careful_few": "{n} people are few. The ranges say how few: they are wide.",
        "careful_learning": "Everybody had the bench last, so learning and anything else that came with time are in "
        "these "
        "figures too.",
        "careful_one": "It is one work place. Another one may differ.",
        "careful_range": "“Between … and …”: of 100 studies like this one, about 95 would give a range that holds "
        "the true "
        "value.",
        "careful_lines": "Each thin line is one person; the thick line is the mean. Nobody is named or ranked.",
        "not_enough": "Only {n} people agreed to be counted. Figures of fewer than {min} people are not shown, since "
        "people "
        "could be recognised.",
        "details": "For the researcher",
        "study": "The study",
        "outcomes": "Outcomes",
        "outcome": "Outcome",
        "change": "Change",
        "range": "95 % interval",
        "p": "p",
        "p_adjusted": "p, Holm",
        "p_note": "p: how often chance alone gives a change at least this big. Exact or by permutation: {how}. The "
        "main "
        "outcome (*) was named beforehand{registered}. All others only suggest; their p values are also given "
        "adjusted "
        "for being {k} (Holm 1979). A small p is no proof, a large one no proof of the opposite.",
        "registered": " and written down: {where}",
        "how_paired": "signs of each person's difference are flipped (Fisher)",
        "how_crossover": "orders are swapped between people",
        "effect": "Size of the change, in standard deviations",
        "effect_caption": "Hedges’ g_av with 95 % interval; right of 0 is better. Outcomes without a better side are "
        "left "
        "out.",
        "curve": "From session to session",
        "curve_caption": "Mean time per case in each session of a person, where five or more people had it.",
        "curve_alt": "Mean time per case by session: {points}.",
        "sessions_axis": "session",
        "people_axis": "people",
        "pace": "Target pace",
        "pace_text": "At the target of {target} s per case (two sessions in a row): {reached}.",
        "pace_by": "by session {k} {m} of {n} people ({low} to {high} %)",
        "levels": "Guidance over time",
        "levels_caption": "Share of cases begun at each level of guidance, by session of a person.",
        "full": "full",
        "short": "short",
        "lights": "lights only",
        "off": "off",
        "models": "Mixed models",
        "models_note": "Single sessions with people as random effect; a straight line of learning over sessions is "
        "taken "
        "out. Intervals are approximate (t with one degree of freedom per person less one).{confounded}",
        "confounded": " With a before/after design, bench and learning can only be told apart if learning is a "
        "straight "
        "line. That is an assumption, not a finding.",
        "model_head": "Change",
        "learning_head": "per session",
        "random": "random effects",
        "observations": "sessions",
        "intercept": "level",
        "intercept and slope": "level and change",
        "log": "{name} (as a ratio)",
        "other_plots": "The other outcomes, person by person",
        "method": "How it was worked out",
        "method_1": "One value per person and condition.{sessions}{skip} Differences are taken within people.",
        "sessions": " {n} sessions in all.",
        "steps": "Time per step",
        "step": "step",
        "steps_note": "Seconds from shown to finished: the median of each person, then the mean of those who did the "
        "step under both conditions.",
        "skip": " The first {n} session(s) of each condition are left out.",
        "method_2": "Intervals are studentised bootstrap intervals with 9,999 resamples. In 2,000 simulated studies "
        "of 14 "
        "people they held the true mean in 94 to 95 % of studies for outcomes like these.",
        "method_3": "Ratios are geometric means over people. Effect sizes are Hedges’ g_av (Lakens 2013).",
        "method_period": "Second period minus first, whatever the condition: {x}.",
        "warnings": "To keep in mind",
        "few": "Few people ({n}): the interval matters more than the estimate.",
        "coarse": "{name}: answers are too coarse to resample; Student’s t interval is given.",
        "cannot_be_rare": "{name}: with {n} people even the clearest result has p above 0.05.",
        "learning": "Everybody had the conditions in the same order: time and learning are part of every change.",
        "carry_over": "{name}: people differ by the order they had the conditions in; the first may reach into the "
        "second.",
        "left_out": "{name}: {n} people with only one of both conditions were left out.",
        "unscored": "{name}: {n} forms had too many questions skipped to be scored, and were left out.",
        "uneven_orders": "{name}: fewer than two people had one of the orders; worked out as pairs, so time is part "
        "of the "
        "change.",
        "definitions": "What was measured",
        "measure": "Measure",
        "definition": "Definition",
        "source": "Source",
        "n": "n",
        "slope_alt": "{name}: lines of {n} people from {first} to {second}. Mean from {a} to {b} {unit}. {more} "
        "people went "
        "up, {same} stayed, {less} went down.",
        "footer": "Made by Opstap from consented records. Method and limits: docs/evaluation.md.",
        "and": "and",
    },
    "nl": {
        "simulated": "GESIMULEERD: virtuele werkers, geen mensen. Deze cijfers zeggen niets over echte werkbanken.",
        "subtitle": "{n} mensen, {cases} koffers, {hours} uur werk. {design}",
        "subtitle_forms": "{n} mensen, gevraagd {first} en {second}.",
        "before_after": "Iedereen werkte eerst {first}, daarna {second}.",
        "with_without": "Iedereen werkte om en om {first} en {second}.",
        "crossover": "De helft begon {first}, de helft {second}; daarna werd gewisseld.",
        "case_seconds": "Tempo",
        "errors_per_100": "Kwaliteit",
        "coach_minutes_per_hour": "Begeleiding",
        "grade.grade": "Rapportcijfer",
        "work_confidence.confidence": "Geloof in eigen kunnen",
        "oss_sf.self_efficacy": "Geloof in eigen kunnen",
        "better": "Beter",
        "worse": "Slechter",
        "changed": "Anders",
        "unclear": "Niet duidelijk",
        "none": "Geen marge",
        "mean": "Gemiddeld",
        "less": "{x} minder",
        "more": "{x} meer",
        "as_much": "geen verschil",
        "from_to": "Gemiddeld van {a} naar {b} {unit}.",
        "between": "Het echte verschil ligt waarschijnlijk tussen {low} en {high}.",
        "between_same": "Het echte verschil ligt waarschijnlijk tussen {low} en {high} {way}.",
        "cannot_tell": "Dit onderzoek kan niet zeggen welke van de twee.",
        "no_range": "Bij iedereen was het verschil even groot, dus er is geen marge.",
        "single": "Gemiddeld {mean}, van {n} mensen. Het echte gemiddelde ligt waarschijnlijk tussen {low} en {high}.",
        "single_no_range": "Gemiddeld {mean}, van {n} mensen.",
        "people_up": "{more} van de {n} mensen scoorden hoger, {same} gelijk, {less} lager.",
        "whole": "Vooraf heette een verschil van {x} de moeite waard: de hele marge ligt daar voorbij.",
        "part": "Vooraf heette een verschil van {x} de moeite waard: een deel van de marge ligt daar voorbij.",
        "nothing": "Vooraf heette een verschil van {x} de moeite waard: niets van de marge ligt daar voorbij.",
        "main": "De hoofdvraag, vooraf gekozen: {name}.",
        "careful": "Wat dit niet zegt",
        "careful_few": "{n} mensen is weinig. De marges laten zien hoe weinig: ze zijn breed.",
        "careful_learning": "Iedereen had de werkbank als laatste. Leren, en alles wat verder met de tijd meekwam, "
        "zit dus "
        "ook in deze cijfers.",
        "careful_one": "Dit is één werkplek. Op een andere kan het anders gaan.",
        "careful_range": "“Tussen … en …”: van 100 onderzoeken als dit geven er ongeveer 95 een marge waar de echte "
        "waarde "
        "in ligt.",
        "careful_lines": "Elke dunne lijn is één persoon; de dikke lijn is het gemiddelde. Niemand wordt genoemd of "
        "op "
        "volgorde gezet.",
        "not_enough": "Maar {n} mensen vonden het goed om mee te tellen. Cijfers van minder dan {min} mensen laten "
        "we niet "
        "zien: dan zou je iemand kunnen herkennen.",
        "details": "Voor de onderzoeker",
        "study": "Het onderzoek",
        "outcomes": "Uitkomsten",
        "outcome": "Uitkomst",
        "change": "Verschil",
        "range": "95%-interval",
        "p": "p",
        "p_adjusted": "p, Holm",
        "p_note": "p: hoe vaak toeval alleen een minstens zo groot verschil geeft. Exact of door permutatie: {how}. "
        "De "
        "hoofduitkomst (*) was vooraf gekozen{registered}. Alle andere geven alleen een aanwijzing; hun p-waarden "
        "staan er "
        "ook gecorrigeerd omdat het er {k} zijn (Holm 1979). Een kleine p is geen bewijs, een grote geen bewijs van "
        "het "
        "tegendeel.",
        "registered": " en vastgelegd: {where}",
        "how_paired": "het teken van ieders verschil wordt omgedraaid (Fisher)",
        "how_crossover": "de volgordes worden tussen mensen verwisseld",
        "effect": "Grootte van het verschil, in standaardafwijkingen",
        "effect_caption": "Hedges’ g_av met 95%-interval; rechts van 0 is beter. Uitkomsten zonder betere kant staan "
        "er "
        "niet bij.",
        "curve": "Van sessie tot sessie",
        "curve_caption": "Gemiddelde tijd per koffer in elke sessie van een persoon, waar vijf of meer mensen die "
        "hadden.",
        "curve_alt": "Gemiddelde tijd per koffer per sessie: {points}.",
        "sessions_axis": "sessie",
        "people_axis": "mensen",
        "pace": "Streeftempo",
        "pace_text": "Op het streeftempo van {target} s per koffer (twee sessies achter elkaar): {reached}.",
        "pace_by": "bij sessie {k} {m} van {n} mensen ({low} tot {high} %)",
        "levels": "Uitleg door de tijd",
        "levels_caption": "Deel van de koffers dat op elk niveau van uitleg begon, per sessie van een persoon.",
        "full": "volledig",
        "short": "kort",
        "lights": "alleen licht",
        "off": "uit",
        "models": "Gemengde modellen",
        "models_note": "Losse sessies met personen als toevalseffect; een rechte leerlijn over sessies is eruit "
        "gehaald. De "
        "intervallen zijn benaderd (t met één vrijheidsgraad minder dan er mensen zijn).{confounded}",
        "confounded": " Bij een voor/na-opzet zijn werkbank en leren alleen te scheiden als leren een rechte lijn "
        "is. Dat is "
        "een aanname, geen uitkomst.",
        "model_head": "Verschil",
        "learning_head": "per sessie",
        "random": "toevalseffecten",
        "observations": "sessies",
        "intercept": "niveau",
        "intercept and slope": "niveau en verschil",
        "log": "{name} (als verhouding)",
        "other_plots": "De andere uitkomsten, per persoon",
        "method": "Hoe het is uitgerekend",
        "method_1": "Eén waarde per persoon en conditie.{sessions}{skip} Verschillen worden binnen personen genomen.",
        "sessions": " {n} sessies in totaal.",
        "steps": "Tijd per stap",
        "step": "stap",
        "steps_note": "Seconden van getoond tot klaar: de mediaan van elke persoon, dan het gemiddelde van wie de stap "
        "onder beide condities deed.",
        "skip": " De eerste {n} sessie(s) van elke conditie tellen niet mee.",
        "method_2": "De intervallen zijn gestudentiseerde bootstrapintervallen met 9.999 herhalingen. In 2.000 "
        "gesimuleerde "
        "onderzoeken met 14 mensen bevatten ze het echte gemiddelde in 94 tot 95 % van de onderzoeken voor zulke "
        "uitkomsten.",
        "method_3": "Verhoudingen zijn meetkundige gemiddelden over mensen. Effectgroottes zijn Hedges’ g_av (Lakens "
        "2013).",
        "method_period": "Tweede periode min eerste, los van de conditie: {x}.",
        "warnings": "Om te onthouden",
        "few": "Weinig mensen ({n}): het interval zegt meer dan de schatting.",
        "coarse": "{name}: de antwoorden zijn te grof om te herhalen; Students t-interval staat er.",
        "cannot_be_rare": "{name}: met {n} mensen heeft zelfs de duidelijkste uitkomst een p boven 0,05.",
        "learning": "Iedereen had de condities in dezelfde volgorde: tijd en leren zitten in elk verschil.",
        "carry_over": "{name}: mensen verschillen naar de volgorde die ze hadden; de eerste conditie kan doorwerken.",
        "left_out": "{name}: {n} mensen met maar één van beide condities tellen niet mee.",
        "unscored": "{name}: {n} formulieren hadden te veel overgeslagen vragen voor een score en tellen niet mee.",
        "uneven_orders": "{name}: minder dan twee mensen hadden één van de volgordes; uitgerekend als paren, dus "
        "tijd zit in "
        "het verschil.",
        "definitions": "Wat er gemeten is",
        "measure": "Maat",
        "definition": "Definitie",
        "source": "Bron",
        "n": "n",
        "slope_alt": "{name}: lijnen van {n} mensen van {first} naar {second}. Gemiddelde van {a} naar {b} {unit}. "
        "{more} "
        "mensen gingen omhoog, {same} bleven gelijk, {less} gingen omlaag.",
        "footer": "Gemaakt door Opstap uit gegevens met toestemming. Werkwijze en grenzen: docs/evaluation.md.",
        "and": "en",
    },
}


class Say:
    """Words and numbers of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._words = WORDS[language]

    def __call__(self, key: str, **fields: object) -> str:
        return self._words[key].format(**fields)

    def number(self, value: float, decimals: int = 0) -> str:
        """As the language writes it: 1,234.5 or 1.234,5; never "-0"."""
        text = f"{value:,.{decimals}f}"
        if float(text.replace(",", "")) == 0:
            text = text.lstrip("-")
        return text.translate(str.maketrans(",.", ".,")) if self.language == "nl" else text

    def p(self, value: float | None) -> str:
        if value is None:
            return "–"
        return f"< {self.number(0.001, 3)}" if value < 0.001 else self.number(value, 3)

    def amount(self, result: Result, value: float) -> str:
        """`value` of a change, without its sign."""
        if result.scale == "ratio":
            return f"{self.number(abs(value - 1) * 100)} %"
        return self.number(abs(value), result.decimals)

    def way(self, result: Result, value: float) -> str:
        """ "more" or "less", as a word."""
        up = value > (1 if result.scale == "ratio" else 0)
        return self("more" if up else "less", x="").strip()

    def change(self, result: Result, value: float) -> str:
        """A change in words: "18 % less"."""
        amount = self.amount(result, value)
        return (
            self("more" if self._up(result, value) else "less", x=amount)
            if self._moved(result, value)
            else self("as_much")
        )

    def signed(self, result: Result, value: float) -> str:
        """A change as a signed number for tables."""
        shown = (value - 1) * 100 if result.scale == "ratio" else value
        decimals = 0 if result.scale == "ratio" else result.decimals
        nothing = round(shown, decimals) == 0
        sign = "" if nothing else "+" if shown > 0 else "−"
        return f"{sign}{self.number(abs(shown), decimals)}{' %' if result.scale == 'ratio' else ''}"

    def between(self, result: Result, interval: Interval) -> str:
        """The range of a change as a sentence, its smaller end first."""
        ends = sorted((interval.low, interval.high), key=lambda v: abs(v - (1 if result.scale == "ratio" else 0)))
        if self._up(result, ends[0]) == self._up(result, ends[1]):
            low, high = (self.amount(result, v) for v in ends)
            return self("between_same", low=low, high=high, way=self.way(result, ends[0]))
        return (
            f"{self('between', low=self.change(result, interval.low), high=self.change(result, interval.high))} "
            + self("cannot_tell")
        )

    @staticmethod
    def _up(result: Result, value: float) -> bool:
        return value > (1 if result.scale == "ratio" else 0)

    @staticmethod
    def _moved(result: Result, value: float) -> bool:
        return value != (1 if result.scale == "ratio" else 0)
