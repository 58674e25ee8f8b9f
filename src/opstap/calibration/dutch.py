"""What the wizards say on the calibration page, in Dutch. They speak English, as the terminal does.

A sentence that is not here stays English.

{} stands for what is filled in, ^ for the beginning of a line; a number that a sentence begins with is not part of it.
"""

from __future__ import annotations

import re

DUTCH: dict[str, str] = {
    # camera
    "Lay the board where the scene file says.": "Leg het bord waar het scènebestand zegt.",
    "No board and no markers found: lay the board flat, where the scene file says, its picture side up.":
        "Geen bord en geen markering gevonden: leg het bord plat, waar het scènebestand zegt, beeld naar boven.",
    "The picture is dark: switch on a light.": "Het beeld is donker: doe een lamp aan.",
    "points found. Keep everything still.": "punten gevonden. Houd alles stil.",
    "points found. Hands off the table, please.": "punten gevonden. Handen van de tafel, graag.",
    "Good: {} mm on average, {} mm at worst.": "Goed: gemiddeld {} mm, op zijn slechtst {} mm.",
    "Better try again.": "Beter nog een keer.",
    "Waiting for pictures of the camera.": "Wacht op beelden van de camera.",
    "Kept. The cell uses it from now on.": "Bewaard. De werkplek gebruikt het vanaf nu.",
    "Looking for the camera's new place. Hands off the table for two seconds.":
        "Ik zoek de nieuwe plek van de camera. Handen twee seconden van de tafel.",
    "The camera's place is known again. The work goes on.": "De plek van de camera is weer bekend. Het werk gaat door.",
    "No answer within 30 seconds: does the camera send pictures?":
        "Geen antwoord binnen 30 seconden: stuurt de camera beelden?",
    "points are seen, needed: {} or more; is the board in the picture?":
        "punten gezien, nodig: {} of meer; is het bord in beeld?",
    "the points seen are all within {} m of each other: show more of the board, or markers farther apart":
        "alle punten liggen binnen {} m van elkaar: laat meer van het bord zien, of markeringen verder uit elkaar",
    "points are {} mm off on average and {} mm at worst (allowed: {} and {} mm): is the board flat, is board.square "
    "what you measured, did anything move?":
        "punten zitten gemiddeld {} mm mis en op zijn slechtst {} mm (mag: {} en {} mm): is het bord plat, is "
        "board.square wat je hebt gemeten, is er iets bewogen?",
    "depth reads {} % too {}, or board.square is wrong: measure a square; if it is right, run the camera maker's own "
    "calibration":
        "diepte meet {} % te {}, of board.square klopt niet: meet een vakje; klopt dat, doe dan de kalibratie van de "
        "maker van de camera",
    "the points do not fit each other: is the board flat, and the right one printed?":
        "de punten passen niet bij elkaar: is het bord plat, en is het goede geprint?",
    "no depth of the table there: {}. Is the lens clean, is the sun on it?":
        "daar geen diepte van de tafel: {}. Is de lens schoon, schijnt de zon erop?",
    "^points {}": "punten {}",
    "on average {} mm on the table (root mean square)": "gemiddeld {} mm op de tafel (kwadratisch gemiddelde)",
    "^at worst {} mm": "op zijn slechtst {} mm",
    "table in depth {} mm around its plane": "tafel in diepte {} mm rond haar vlak",
    "size of pattern {} % against what it should be": "grootte van het patroon {} % ten opzichte van wat het moet zijn",
    "mm and {} degrees from the scene file": "mm en {} graden van het scènebestand",
    "worst points": "slechtste punten",
    # bins
    "Take everything out of the bins, and your hands off the table.":
        "Haal alles uit de bakken, en je handen van de tafel.",
    "Hold a hand in {}, the fingers inside its rim.": "Houd een hand in {}, de vingers binnen de rand.",
    "Put something into {}, then take your hands away.": "Leg iets in {}, en haal dan je handen weg.",
    "Good. Take your hand away.": "Goed. Haal je hand weg.",
    "of {} bins measured.": "van {} bakken gemeten.",
    "The farthest stood {} mm from where the scene has it.": "De verste stond {} mm van waar de scène haar heeft.",
    "mm, turned {} degrees; rim within {} mm": "mm, gedraaid {} graden; rand binnen {} mm",
    "pixels with depth there, needed: {}: is it in the picture?":
        "pixels met diepte daar, nodig: {}: staat hij in beeld?",
    "no box of {} x {} x {} mm found near x {}, y {}: is it there, is it empty, is bins.size right?":
        "geen bak van {} x {} x {} mm gevonden bij x {}, y {}: staat hij er, is hij leeg, klopt bins.size?",
    "something lies in it, or bins.size is not its size: empty it first":
        "er ligt iets in, of bins.size is niet zijn maat: maak hem eerst leeg",
    "Written into {}. Start the cell again to use it.":
        "In {} geschreven. Start de werkplek opnieuw om het te gebruiken.",
    # projector
    "Empty the bins and take your hands off the table. The light shows stripes.":
        "Maak de bakken leeg en haal je handen van de tafel. Het licht laat strepen zien.",
    "The node of projector {} does not run.": "De node van projector {} draait niet.",
    "Nothing here can make the projector throw patterns.": "Niets hier kan de projector patronen laten tonen.",
    "The projector's light is not seen: is it on, is its lens open, is the room too bright?":
        "Het licht van de projector is niet te zien: staat hij aan, is de lens open, is het te licht in de ruimte?",
    "patches are lit and seen, needed: {}: is the projector on, is the room dark enough?":
        "vlakjes verlicht en gezien, nodig: {}: staat de projector aan, is het donker genoeg?",
    "light falls {} mm off on the table (allowed: {} mm): did anything move?":
        "licht valt {} mm mis op de tafel (mag: {} mm): is er iets bewogen?",
    "light falls {} mm off on raised surfaces (allowed: {} mm): did anything move?":
        "licht valt {} mm mis op hogere vlakken (mag: {} mm): is er iets bewogen?",
    "nothing raised was seen: put empty bins or a box on the table, or heights are only guessed":
        "niets hogers gezien: zet lege bakken of een doos op de tafel, anders zijn hoogten maar gegokt",
    "Good: keep it.": "Goed: bewaar het.",
    "Kept. Start the cell again to use it.": "Bewaard. Start de werkplek opnieuw om het te gebruiken.",
    "Its light falls {} mm off (95 of 100 places below that).":
        "Het licht valt {} mm mis (95 van 100 plekken minder).",
    "The projector was moved: calibrate it anew.": "De projector is verschoven: kalibreer hem opnieuw.",
    "It was not moved.": "Hij is niet verschoven.",
    "mm in the middle, 95 % below {} mm, at worst {} mm ({} patches)":
        "mm in het midden, 95 % onder {} mm, op zijn slechtst {} mm ({} vlakjes)",
    "^raised surfaces": "hogere vlakken",
    "^table": "tafel",
    "focal length {} pixels (scene file: {})": "brandpuntsafstand {} pixels (scènebestand: {})",
    # what was kept
    "the calibration is that of camera {}, and this is camera {}:":
        "de kalibratie is die van camera {}, en dit is camera {}:",
    "the calibration is for depth of {}x{}, and this camera sends {}x{}: set camera.depth in the scene file, or":
        "de kalibratie is voor diepte van {}x{}, en deze camera stuurt {}x{}: zet camera.depth in het scènebestand, of",
    "the calibration is that of a camera with other intrinsics (focal length {} px, this one has {} px; up to {} px "
    "apart):":
        "de kalibratie is die van een camera met een andere lens (brandpunt {} px, deze heeft {} px; tot {} px "
        "verschil):",
    "run 'opstap calibrate camera', or remove the file": "doe 'opstap calibrate camera', of haal het bestand weg",
}  # fmt: skip


def _pattern(english: str) -> re.Pattern[str]:
    """Finds a sentence, whether it begins one or stands within one, however wide its columns are."""
    start = "^" if english.startswith("^") else ""
    letters = english.removeprefix("^")
    parts = [re.sub(r"(\\? )+", " +", re.escape(part)) for part in letters[1:].split("{}")]
    end = "$" if letters.endswith("{}") else ""
    return re.compile(f"{start}(?i:{re.escape(letters[0])})" + "(.+?)".join(parts) + end)


_PATTERNS = sorted(((_pattern(e), d) for e, d in DUTCH.items()), key=lambda pair: -len(pair[0].pattern))


def in_dutch(text: str) -> str:
    """`text` with every sentence that is known in Dutch."""
    for pattern, dutch in _PATTERNS:
        text = pattern.sub(lambda found, dutch=dutch: _filled(dutch, found), text)  # type: ignore[misc]
    return text


def _filled(dutch: str, found: re.Match[str]) -> str:
    said = dutch.format(*found.groups())
    return said[0].upper() + said[1:] if found[0][0].isupper() else said
