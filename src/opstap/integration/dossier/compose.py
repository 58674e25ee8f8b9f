"""The three drafts, each in English or Dutch, from one cell's settings. What only the employer knows is left open.

They name the articles a reader will look for (GDPR art. 35; WOR art. 27; AI Act art. 5 and annex III) and are no legal
advice: every page says so.
"""

from __future__ import annotations

from opstap.evaluation.report.content import Block, Bullets, Content, Heading, Note, Table, Text
from opstap.evaluation.store.consent import HOLDS, QUESTIONS
from opstap.integration.dossier.inventory import NODES
from opstap.integration.dossier.setup import Setup
from opstap.monitoring.advising import STANDS
from opstap.monitoring.facts import UNITS, FactName
from opstap.monitoring.quality import LEAST_PEOPLE
from opstap.workflow.journal import KEPT

DAY = 86_400 * 1_000_000_000
LANGUAGES = ("nl", "en")
FACTS: dict[FactName, tuple[str, str]] = {
    FactName.PACE: ("time of the last ten steps, against the person's own", "tijd van de laatste tien stappen, tegen "
                                                                            "de eigen tijd"),
    FactName.HESITATION: ("hands at rest while a step is asked", "handen in rust terwijl een stap gevraagd is"),
    FactName.ERROR_STREAK: ("mix-ups in the last ten steps", "vergissingen in de laatste tien stappen"),
    FactName.WAITING_FOR_PARTS: ("time with an empty bin", "tijd met een lege bak"),
    FactName.REACH: ("share of time a hand is beyond the person's reach", "deel van de tijd dat een hand verder "
                                                                          "reikt dan gemakkelijk"),
    FactName.SINCE_BREAK: ("time since the last pause", "tijd sinds de laatste pauze"),
    FactName.ABSENT: ("time without hands over the table", "tijd zonder handen boven de tafel"),
    FactName.ASKED_FOR_HELP: ("time since the call for help", "tijd sinds de hulpvraag"),
}  # fmt: skip


class Draft:
    """Writes in one language about one cell."""

    def __init__(self, setup: Setup, language: str, day: str) -> None:
        self.setup, self.language, self.day = setup, language, day

    def t(self, en: str, nl: str) -> str:
        return nl if self.language == "nl" else en

    def days(self, ns: int) -> int:
        return ns // DAY

    def content(self, title: str, blocks: list[Block]) -> Content:
        cell, task = self.setup.cell.scene.cell, self.setup.cell.task
        source = self.t("the last launch", "de laatste start") if self.setup.running else self.t(
            "the shipped settings", "de meegeleverde instellingen")  # fmt: skip
        name = task.title.get(self.language, task.title[task.languages[0]])
        subtitle = self.t(
            f"Cell {cell}, {name}. From {source}, {self.day}.", f"Cel {cell}, {name}. Uit {source}, {self.day}."
        )
        band = self.t("DRAFT. Not legal advice: have it checked, and fill in what stands between [ ].",
                      "CONCEPT. Geen juridisch advies: laat het nakijken, en vul in wat tussen [ ] staat.")  # fmt: skip
        return Content(self.language, title, subtitle, band, "Opstap", tuple(blocks))

    # --- the data protection impact assessment

    def dpia(self) -> Content:
        t = self.t
        return self.content(
            t("Data protection impact assessment", "Gegevensbeschermingseffectbeoordeling (DPIA)"),
            [
                Heading(t("1. What is done", "1. Wat er gebeurt")),
                Text(t("A workbench shows a person the next step by light and sees by a depth camera what the hands "
                       "do. Its "
                       "monitor tells the worker facts about the work and offers help or a break; the worker decides.",
                       "Een werkbank laat met licht de volgende stap zien en ziet met een dieptecamera wat de handen "
                       "doen. "
                       "De monitor vertelt de werker feiten over het werk en biedt hulp of een pauze aan; de werker "
                       "beslist.")),
                Text(t("Who is responsible: [employer]. Works council: [name]. Data protection officer: [name].",
                       "Verantwoordelijk: [werkgever]. Ondernemingsraad: [naam]. Functionaris gegevensbescherming: "
                       "[naam].")),
                Text(t("A DPIA is assumed to be needed (GDPR art. 35): people who may be vulnerable, watched "
                       "systematically.",
                       "Een DPIA lijkt nodig (AVG art. 35): mensen die kwetsbaar kunnen zijn, stelselmatig gevolgd.")),
                self._settings(),
                Heading(t("2. Which data, where and how long", "2. Welke gegevens, waar en hoe lang")),
                self._data(),
                Text(t("Asked of each person, each on its own:", "Gevraagd aan ieder, elk apart:")),
                Bullets(tuple(words[self.language] for words in QUESTIONS.values())),
                Heading(t("3. What the monitor can say", "3. Wat de monitor kan zeggen")),
                Text(t("A closed list; a test of the software looks for words about feelings. A person may say with "
                       "one of three "
                       "faces how the work goes: that is taken as said, never guessed.",
                       "Een gesloten lijst; een test van de software zoekt woorden over gevoel. Iemand mag met een "
                       "van drie "
                       "gezichten zeggen hoe het werk gaat: dat geldt als gezegd, en wordt nooit geraden.")),
                self._facts(),
                Text(t(f"Rules now: {', '.join(r.id for r in self.setup.rules.rules)}. At least "
                       f"{self.setup.rules.spacing_minutes:g} minutes between two offers; after 'not now' "
                       f"{self.setup.rules.after_not_now_minutes:g} minutes of rest; an offer goes by itself after "
                       f"{STANDS:g} s.",
                       f"Regels nu: {', '.join(r.id for r in self.setup.rules.rules)}. Minstens "
                       f"{self.setup.rules.spacing_minutes:g} minuten tussen twee keer aanbod; na 'nu niet' "
                       f"{self.setup.rules.after_not_now_minutes:g} minuten rust; een aanbod verdwijnt vanzelf na "
                       f"{STANDS:g} s.")),
                Heading(t("4. Is it needed, and is there less?", "4. Is het nodig, en kan het met minder?")),
                Bullets((
                    t("Guidance needs to see places and hands; everything else can be off, and the cell works with "
                      "all of it off.",
                      "Begeleiding moet plekken en handen zien; al het andere kan uit, en de cel werkt met alles uit."),
                    t("Nobody is compared with anybody else; there is no ranking and no target per person.",
                      "Niemand wordt met een ander vergeleken; er is geen ranglijst en geen norm per persoon."),
                    t(f"Figures over people are given of {LEAST_PEOPLE} people and more only.",
                      f"Cijfers over mensen zijn er alleen over {LEAST_PEOPLE} mensen of meer."),
                    t("Legal basis: [ ]. Consent is seldom free between employer and worker: do not rest the cell on "
                      "it.",
                      "Grondslag: [ ]. Toestemming is tussen werkgever en werknemer zelden vrij: laat de cel er niet "
                      "op rusten."),
                )),
                Heading(t("5. Risks and what is done about them", "5. Risico's en wat eraan gedaan is")),
                self._risks(),
                Heading(t("6. Rights", "6. Rechten")),
                Bullets((
                    t("See, take away and erase: on the bench page, under 'About me'. Erasing reaches monitor, "
                      "journal, store, films and recordings in the results' folder, and holds when the cell is started "
                      "again.",
                      "Inzien, meenemen en wissen: op de pagina van de werkbank, onder 'Over mij'. Wissen geldt voor "
                      "monitor, logboek, bewaarplaats, films en opnamen in de map met resultaten, en blijft gelden als "
                      "de cel opnieuw start."),
                    t("Object and correct: 'Bench is wrong' counts; each signal and each rule can be turned off.",
                      "Bezwaar en verbetering: 'Dit klopt niet' telt; elk signaal en elke regel kan uit."),
                    t("Copies and recordings elsewhere are erased by hand: [who].",
                      "Kopieën en opnamen elders worden met de hand gewist: [wie]."),
                )),
                Heading(t("7. Decision", "7. Besluit")),
                Text(t("Remaining risk: [ ]. Asked: workers [ ], works council [ ], officer [ ]. Decided by [name] "
                       "on [date]; looked at "
                       "again on [date].",
                       "Restrisico: [ ]. Gevraagd: werkers [ ], ondernemingsraad [ ], functionaris [ ]. Besloten "
                       "door [naam] op "
                       "[datum]; opnieuw bekeken op [datum].")),
            ],
        )  # fmt: skip

    def _settings(self) -> Block:
        t, s = self.t, self.setup
        yes, no = t("yes", "ja"), t("no", "nee")
        rows = [
            (t("simulated devices and person", "nagebootste apparaten en mens"), "sim"),
            (t("film kept on disk", "film op schijf"), "film"),
            (t("recording played", "opname afgespeeld"), "recording"),
            (t("speech", "spraak"), "speech"),
            (t("cobot", "cobot"), "cobot"),
            (t("pages open to the network, over TLS and with a PIN", "pagina's open voor het netwerk, met TLS en "
                                                                     "pincode"), "network"),
            (t("counts sent to a hub", "aantallen naar een hub"), "hub"),
            (t("finished cases told to the factory", "klare koffers gemeld aan de fabriek"), "factory"),
            (t("questionnaires asked", "vragenlijsten gevraagd"), "study"),
        ]  # fmt: skip
        head = (t("setting", "instelling"), t("now", "nu"), t("launch argument", "startargument"))
        return Table(
            t("This cell's settings", "De instellingen van deze cel"), head,
            tuple((words, f"{yes} ({s.given[n]})" if s.on(n) else no, f"{n}:={s.given[n]}") for words, n in rows), 99,
        )  # fmt: skip

    def _data(self) -> Block:
        t, s = self.t, self.setup
        kept, consent = self.days(KEPT), self.days(HOLDS)
        rows = [
            (t("pictures, depth, hands", "beelden, diepte, handen"), t("memory of this computer",
                "geheugen van deze computer"),
             t("less than a second", "minder dan een seconde")),
            (t("facts, offers and answers, what a person said", "feiten, aanbod en antwoorden, wat iemand zei"),
             t("memory of this computer", "geheugen van deze computer"),
             t("until the cell ends, or the person erases it", "tot de cel stopt, of iemand het wist")),
            (t("journal of steps and times, pseudonym", "logboek van stappen en tijden, pseudoniem"),
             t("disk of this computer", "schijf van deze computer"),
             t(f"{kept} days at most", f"hoogstens {kept} dagen")),
            (t("records, answers: each only with a yes", "gegevens, antwoorden: elk alleen met een ja"),
             t("store of this cell", "bewaarplaats van deze cel"),
             t(f"{consent} days, unless the person renews the yes",
               f"{consent} dagen, tenzij iemand het ja vernieuwt")),
            (t("cases packed a day, of nobody", "ingepakte koffers per dag, van niemand"),
             t("store of this cell", "bewaarplaats van deze cel"), t("without end", "zonder einde")),
        ]  # fmt: skip
        if s.on("film"):
            until = t("until somebody removes them: [who, when]", "tot iemand ze verwijdert: [wie, wanneer]")
            rows.append((t("film and step pictures", "film en stapfoto's"), rows[2][1], until))
        if s.on("hub"):
            rows.append((t("times of cases, another pseudonym", "tijden van koffers, ander pseudoniem"), s.given["hub"],
                         t("as the hub's own dossier says", "zoals het dossier van de hub zegt")))  # fmt: skip
        if s.on("factory"):
            rows.append((t("finished cases of orders, of nobody", "klare koffers van orders, van niemand"),
                         t("this computer, and the factory's systems", "deze computer, en systemen van de fabriek"),
                         t("as the factory says: [how long]", "zoals de fabriek zegt: [hoe lang]")))  # fmt: skip
        return Table("", (t("what", "wat"), t("where", "waar"), t("how long", "hoe lang")), tuple(rows), 99)

    def _facts(self) -> Block:
        t = self.t
        used = {n: [r.id for r in self.setup.rules.rules if n in [c.fact for c in r.when]] for n in FactName}
        none = t("none", "geen")
        return Table(
            "", (t("fact", "feit"), t("what", "wat"), t("rules that look at it", "regels die ernaar kijken")),
            tuple((n.value, f"{t(*FACTS[n])} ({UNITS[n]})", ", ".join(used[n]) or none) for n in FactName), 99,
        )  # fmt: skip

    def _risks(self) -> Block:
        t = self.t
        rows = [
            (t("Facts are used to judge or dismiss somebody", "Feiten worden gebruikt om iemand te beoordelen of te "
                                                              "ontslaan"),
             t("The worker sees first and shares fact by fact; nothing reaches the coach otherwise; no ranking.",
               "De werker ziet het eerst en deelt per feit; verder komt er niets bij de begeleider; geen ranglijst."),
             t("[agreement: not used for judging]", "[afspraak: niet om te beoordelen]")),
            (t("Somebody feels watched", "Iemand voelt zich bekeken"),
             t("Off switch per signal, seen on one page; faces are never recognised.",
               "Schakelaar per signaal, te zien op een pagina; gezichten worden nooit herkend."), t(
                   "[talk beforehand]", "[gesprek vooraf]")),
            (t("Advice is wrong", "Advies klopt niet"),
             t("Two independent signals for a break; refusals counted as a figure about the rules; 'not now' is "
               "respected.",
               "Twee onafhankelijke signalen voor een pauze; weigeringen tellen als cijfer over de regels; 'nu niet' "
               "geldt."),
             t("[who looks at the rules]", "[wie naar de regels kijkt]")),
            (t("Help or a break is felt as an order", "Hulp of pauze voelt als een bevel"),
             t("Nothing slows, speeds up or locks; no answer is also an answer.",
               "Niets vertraagt, versnelt of blokkeert; geen antwoord is ook een antwoord."), "[ ]"),
            (t("A pseudonym is traced to a person", "Een pseudoniem wordt herleid"),
             t("The list of who is who stands nowhere in the system.", "De lijst van wie wie is staat nergens in het "
                                                                       "systeem."),
             t("[where is it, who reads it]", "[waar ligt die, wie leest die]")),
            (t("Others get in over the network", "Anderen komen binnen via het netwerk"),
             t("Closed by default; TLS, PIN per role, guesses wait, only own pages may ask.",
               "Dicht tenzij geopend; TLS, pincode per rol, raden kost tijd, alleen eigen pagina's mogen vragen."),
             t("[who holds the PINs]", "[wie de pincodes heeft]")),
        ]  # fmt: skip
        head = (t("risk", "risico"), t("what the system does", "wat het systeem doet"), t("what you do", "wat u doet"))
        return Table("", head, tuple(rows), 99)

    # --- the letter to the works council

    def letter(self) -> Content:
        t = self.t
        return self.content(
            t("Letter to the works council", "Brief aan de ondernemingsraad"),
            [
                Text(t("[place, date]", "[plaats, datum]")),
                Text(t("Dear members of the works council,", "Geachte leden van de ondernemingsraad,")),
                Text(t("We ask for your consent under article 27(1)(k) and (l) of the Dutch Works Councils Act, to "
                       "use a workbench that "
                       "guides people by light. It handles data of people who work for us, and it is suited to "
                       "observing "
                       "behaviour; that is why we ask before anything is used, whatever we intend.",
                       "Wij vragen uw instemming volgens artikel 27 lid 1 onder k en l van de Wet op de "
                       "ondernemingsraden, om een "
                       "werkbank te gebruiken die mensen met licht begeleidt. Die verwerkt gegevens van mensen die "
                       "bij ons werken, "
                       "en is geschikt om gedrag waar te nemen; daarom vragen wij het voordat er iets gebruikt "
                       "wordt, wat onze "
                       "bedoeling ook is.")),
                Heading(t("What it is for", "Waar het voor is")),
                Text(t("[why we want it, for which work, for how many people, from when, trial until when]",
                       "[waarom wij het willen, voor welk werk, voor hoeveel mensen, vanaf wanneer, proef tot "
                       "wanneer]")),
                Heading(t("What it sees and keeps", "Wat het ziet en bewaart")),
                self._data(),
                Heading(t("What it does not do", "Wat het niet doet")),
                Bullets((
                    t("It infers no emotion, mood, stress or engagement (AI Act art. 5(1)(f)).",
                      "Het leidt geen emotie, stemming, stress of betrokkenheid af (AI-verordening art. 5 lid 1 "
                      "onder f)."),
                    t("It ranks nobody, and sets nobody's pace.", "Het rangschikt niemand, en bepaalt niemands tempo."),
                    t("It measures no heart rate; the production launch cannot.", "Het meet geen hartslag; de gewone "
                                                                                  "start kan dat niet."),
                    t("It tells the coach nothing of a person but a call for help and what that person shares.",
                      "Het vertelt de begeleider niets van iemand dan een hulpvraag en wat die persoon deelt."),
                )),
                Heading(t("What we promise", "Wat wij toezeggen")),
                Bullets((
                    t("Nothing of it is used to judge, reward or dismiss anybody.",
                      "Niets ervan wordt gebruikt om iemand te beoordelen, te belonen of te ontslaan."),
                    t("Everybody may work with all of the monitor off, without giving a reason.",
                      "Iedereen mag werken met de hele monitor uit, zonder reden te geven."),
                    t("Rules are changed only after you saw them; you may read them at any time: "
                      "config/rules/monitor.yaml.",
                      "Regels veranderen pas nadat u ze zag; u mag ze altijd lezen: config/rules/monitor.yaml."),
                    t("[complaints go to]", "[klachten gaan naar]"),
                )),
                Text(t("Enclosed: the impact assessment, and the list of parts and how each decides. Where "
                       "introducing it is an important "
                       "technological facility, we also ask your advice under article 25(1)(k).",
                       "Bijgevoegd: de effectbeoordeling, en de lijst van onderdelen en hoe elk beslist. Waar de "
                       "invoering een "
                       "belangrijke technologische voorziening is, vragen wij ook uw advies volgens artikel 25 lid 1 "
                       "onder k.")),
                Text(t("[name, signature]", "[naam, handtekening]")),
            ],
        )  # fmt: skip

    # --- the inventory

    def inventory(self) -> Content:
        t, running = self.t, self.setup.nodes
        figures = {"kept": self.days(KEPT), "consent": self.days(HOLDS)}
        rows = []
        for name, entry in NODES.items():
            state = t("runs", "draait") if name in running else t("does not run", "draait niet")
            rows.append((f"{name}: {state}", t(*entry.decides), t(*entry.people).format(**figures)))
        return self.content(
            t("AI inventory, node by node", "AI-inventaris, onderdeel voor onderdeel"),
            [
                Text(t("No node holds a model that was learned from data. Rules that only people wrote are meant to "
                       "fall outside the AI "
                       "Act's definition, but nobody has a list that settles it: whether a node is an AI system is "
                       "for your lawyer.",
                       "Geen onderdeel bevat een model dat van data leerde. Regels die alleen mensen schreven horen "
                       "buiten de "
                       "definitie van de AI-verordening te vallen, maar geen lijst beslist dat: of een onderdeel een "
                       "AI-systeem is, "
                       "is aan uw jurist.")),
                Table("", (t("node", "onderdeel"), t("how it decides", "hoe het beslist"), t("data of people",
                    "gegevens van mensen")),
                      tuple(rows), 99),
                Heading(t("Against the AI Act", "Langs de AI-verordening")),
                Bullets((
                    t("Art. 5(1)(f), inferring emotions at work: not done; the closed list of facts is tested.",
                      "Art. 5 lid 1 onder f, emoties afleiden op het werk: gebeurt niet; de gesloten lijst van "
                      "feiten is getest."),
                    t("Annex III 4(b), monitoring and evaluating performance, or allocating tasks: the level of help "
                      "follows a rule the "
                      "worker chose; tasks are not allotted; performance is not evaluated. Judge it before use all "
                      "the same: [ ].",
                      "Bijlage III 4(b), prestaties volgen en beoordelen, of taken toewijzen: de mate van hulp volgt "
                      "een regel die de "
                      "werker koos; taken worden niet toegewezen; prestaties niet beoordeeld. Beoordeel het toch "
                      "vooraf: [ ]."),
                    t("Art. 26(7), telling workers beforehand: [when, how].", "Art. 26 lid 7, werknemers vooraf "
                                                                              "inlichten: [wanneer, hoe]."),
                    t("A detector or model that you add makes its node an AI system: describe it here.",
                      "Een detector of model dat u toevoegt maakt dat onderdeel een AI-systeem: beschrijf het hier."),
                )),
                Note(t("Perception and guidance are no safety functions, and the cobot's keeping away from people is "
                       "none either.",
                       "Waarneming en begeleiding zijn geen veiligheidsfuncties, en het afstand houden van de cobot "
                       "ook niet.")),
            ],
        )  # fmt: skip
