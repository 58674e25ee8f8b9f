"""Node by node: how it decides, and what it handles of people. What a reader of the AI Act wants to know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One node, in English and Dutch."""

    decides: tuple[str, str]
    people: tuple[str, str]


NODES: dict[str, Entry] = {
    "depth_camera": Entry(
        ("Passes pictures on; decides nothing.", "Geeft beelden door; beslist niets."),
        ("Depth and colour pictures of hands, arms and whoever is in view; in memory only.",
         "Diepte- en kleurbeelden van handen, armen en wie in beeld is; alleen in het geheugen."),
    ),
    "perception": Entry(
        ("Geometry and statistics written by people: differences in depth against each place's own noise. No model was "
         "learned from data; no faces, no recognising of people.",
         "Meetkunde en statistiek door mensen geschreven: verschillen in diepte tegen de ruis van elke plek. Geen "
         "model "
         "dat van data leerde; geen gezichten, niemand wordt herkend."),
        ("Where hands are, what was taken and put down.", "Waar handen zijn, wat gepakt en neergelegd werd."),
    ),
    "work_guide": Entry(
        ("A state machine with fixed rules; the level of help follows a rule that the worker chose and can stop.",
         "Een toestandsmachine met vaste regels; de mate van hulp volgt een regel die de werker koos en kan stoppen."),
        ("Journal of steps and times under a pseudonym, {kept} days at most.",
         "Logboek van stappen en tijden onder een pseudoniem, hoogstens {kept} dagen."),
    ),
    "projector_guidance": Entry(
        ("Draws what the work guide says.", "Tekent wat de werkgids zegt."),
        ("None of its own; shows a person their own facts when that person asks.",
         "Niets van zichzelf; toont iemand de eigen feiten als die erom vraagt."),
    ),
    "speech": Entry(
        ("Reads words aloud by rules of pronunciation.", "Leest woorden voor met uitspraakregels."),
        ("None.", "Niets."),
    ),
    "part_presenter": Entry(
        ("Planning and separation by published formulas. Not a safety function.",
         "Planning en afstand houden met gepubliceerde formules. Geen veiligheidsfunctie."),
        ("Where people and hands are now; in memory only.", "Waar mensen en handen nu zijn; alleen in het geheugen."),
    ),
    "cell_simulator": Entry(
        ("Simulates devices and a person; never with real people.",
         "Bootst apparaten en een mens na; nooit met echte mensen."),
        ("None.", "Niets."),
    ),
    "operator_monitor": Entry(
        ("Rules in a file, written by people and readable; running quantiles of the person's own times. It infers no "
         "emotion, stress or engagement; it only advises, and the worker answers.",
         "Regels in een leesbaar bestand, door mensen geschreven; lopende kwantielen van iemands eigen tijden. Leidt "
         "geen "
         "emotie, stress of betrokkenheid af; geeft alleen advies, en de werker antwoordt."),
        ("The facts of the table in the DPIA; in memory only.", "De feiten uit de tabel in de DPIA; alleen in het "
                                                                "geheugen."),
    ),
    "evaluation": Entry(
        ("Counts and adds up; decides nothing about people.", "Telt en telt op; beslist niets over mensen."),
        ("Records under a pseudonym, only with the person's yes, {consent} days unless renewed.",
         "Gegevens onder een pseudoniem, alleen met een ja van de persoon, {consent} dagen tenzij vernieuwd."),
    ),
    "factory": Entry(
        ("Counts finished cases for orders and tells a factory's systems; decides nothing about people.",
         "Telt klare koffers voor orders en meldt ze aan systemen van de fabriek; beslist niets over mensen."),
        ("Nothing about a person by name or pseudonym. That a case was finished is told at once, and with the rota "
         "that says how fast somebody works: agree on what it may be used for.",
         "Niets over een persoon met naam of pseudoniem. Dat een koffer klaar is wordt meteen gemeld, en met het "
         "rooster zegt dat hoe snel iemand werkt: spreek af waarvoor dat gebruikt mag worden."),
    ),
    "dashboard": Entry(
        ("Shows; decides nothing.", "Toont; beslist niets."),
        ("Worker's page: all of the worker's own. Coach's page: calls for help and what the worker shares. While a "
         "coach records new work: what was done at which place, without times or names; photos of bins without hands.",
         "Pagina van de werker: alles van de werker zelf. Pagina van de begeleider: hulpvragen en wat de werker "
         "deelt. Als een begeleider nieuw werk opneemt: wat er op welke plek gedaan is, zonder tijden of namen; foto's "
         "van bakken zonder handen."),
    ),
    "vr_orientation": Entry(
        ("Shows the same cell beforehand, also in a headset; the same fixed rules as at the bench tell what is done.",
         "Toont dezelfde cel vooraf, ook in een headset; dezelfde vaste regels als aan de bank zeggen wat klaar is."),
        ("Where head and hands of the visitor are, in memory; answers to questions only with a yes.",
         "Waar hoofd en handen van de bezoeker zijn, in het geheugen; antwoorden op vragen alleen met een ja."),
    ),
    "scene_markers": Entry(
        ("Shows the cell to who sets it up; decides nothing.", "Toont de cel aan wie hem inricht; beslist niets."),
        ("Where hands and people are, and points of what the camera sees; sent on while somebody looks, kept nowhere.",
         "Waar handen en mensen zijn, en punten van wat de camera ziet; doorgegeven zolang iemand kijkt, nergens "
         "bewaard."),
    ),
    "recorder": Entry(
        ("Records what it is told to; started by hand only.", "Neemt op wat gevraagd is; alleen met de hand gestart."),
        ("Depth pictures only with consent and an end date.", "Dieptebeelden alleen met toestemming en een einddatum."),
    ),
    "film": Entry(
        ("Keeps a film; decides nothing.", "Bewaart een film; beslist niets."),
        ("Colour pictures of the bench and hands on disk, only with consent.",
         "Kleurbeelden van werkbank en handen op schijf, alleen met toestemming."),
    ),
}  # fmt: skip
