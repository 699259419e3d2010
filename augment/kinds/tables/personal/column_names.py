"""What a column's name says of the text in it, in several languages and spellings.

`last_name`, `nameLast`, `Nachname`, `NOM DE FAMILLE` and `apellido2` all speak of surnames.
"""

from __future__ import annotations

import functools
import re
import unicodedata

# A space stands for any or no separator. Kinds stand in the order in which they are tried, so that
# "company name" is no person's name and "e-mail address" no place to live.
TERMS: dict[str, str] = {
    "email": "email, e mail, mail, email address, mail address, emailadresse, courriel, correo, "
             "correo electronico, posta elettronica, sahkoposti",
    "url": "url, website, web site, homepage, webseite, site web, sitio web, sito web",
    "ip": "ip, ip address, ip addr, ip adresse, ipv4, client ip, remote addr",
    "mac": "mac address, mac adresse",
    "iban": "iban, account iban, iban number, bank account iban",
    "phone": "phone, telephone, mobile, mobile phone, cell phone, cellphone, cell number, fax, "
             "tel, telefon, telefonnummer, rufnummer, handy, handynummer, mobil, mobilfunk, "
             "mobiltelefon, telefono, celular, movil, cellulare, telefone, telemovel, telefoon, "
             "mobiel, puhelin, телефон, 电话, 電話, 전화",
    "first_name": "first name, name first, given name, name given, forename, christian name, "
                  "fname, vorname, rufname, prenom, nombre de pila, primer nombre, primo nome, "
                  "nome proprio, primeiro nome, voornaam, fornamn, fornavn, imie, krestni jmeno, "
                  "etunimi, имя, 名",
    "last_name": "last name, name last, surname, sur name, family name, name family, lname, "
                 "maiden name, birth name, nachname, familienname, zuname, "
                 "geburtsname, nom de famille, nom famille, nom de naissance, apellido, "
                 "apellidos, primer apellido, segundo apellido, cognome, sobrenome, apelido, "
                 "ultimo nome, achternaam, familienaam, efternamn, etternavn, efternavn, "
                 "nazwisko, prijmeni, sukunimi, soyad, soyadi, фамилия, 姓",
    "user_name": "user name, username, login, login name, nick name, nickname, screen name, "
                 "benutzername, benutzer, nom utilisateur, usuario, nome utente, gebruikersnaam",
    "company": "company, company name, employer, employer name, organisation, organization, "
               "organisation name, organization name, firm, firm name, vendor, vendor name, "
               "supplier, supplier name, firma, firmenname, unternehmen, arbeitgeber, societe, "
               "entreprise, raison sociale, empresa, compania, razon social, azienda, societa, "
               "ditta, ragione sociale, bedrijf, bedrijfsnaam, foretag, virksomhed, spolka",
    "address": "address, addr, street address, address line, home address, mailing address, "
               "postal address, anschrift, adresse, direccion, domicilio, indirizzo, endereco, "
               "adres, adress, adresa, osoite, адрес, 地址, 住所",
    "street": "street, street name, strasse, strassenname, rue, calle, rua, straat, straatnaam, "
              "gata, gade, ulica, улица",
    "postcode": "zip, zip code, post code, postal code, postcode, plz, postleitzahl, "
                "code postal, codigo postal, cep, codice postale, postnummer, postnr, "
                "kod pocztowy, psc, индекс",
    "city": "city, city name, town, municipality, village, birthplace, birth place, "
            "place of birth, hometown, home town, ort, wohnort, geburtsort, stadt, gemeinde, "
            "ville, commune, ciudad, municipio, localidad, citta, comune, cidade, stad, plaats, "
            "woonplaats, gemeente, kommune, miasto, mesto, obec, город, 城市",
    "country": "country, country name, nation, land, pays, pais, paese, nazione, kraj, zeme, "
               "страна, 国家",
    "job": "job, job title, profession, occupation, beruf, metier, profesion, ocupacion, "
           "professione, profissao, beroep, yrke, zawod",
    "ssn": "ssn, social security, social security number, national id, nino, steuer id, "
           "sozialversicherungsnummer, numero de securite sociale, cpf, "
           "codice fiscale, bsn, personnummer, pesel",
    "card": "credit card, credit card number, card number, pan, kreditkarte, "
            "kreditkartennummer, carte de credit, numero de tarjeta, carta di credito",
    "name": "name, full name, name full, person, patient, customer, client, employee, contact, "
            "contact person, cardholder, account holder, passenger, kunde, kundenname, "
            "applicant, author, beneficiary, borrower, buyer, candidate, coach, creditor, debtor, "
            "director, doctor, donor, driver, father, guardian, guest, husband, instructor, "
            "landlord, lawyer, lecturer, manager, mother, nurse, owner, parent, payee, payer, "
            "physician, player, professor, pupil, recipient, reporter, respondent, reviewer, "
            "seller, sender, spouse, student, supervisor, surgeon, teacher, tenant, therapist, "
            "trainer, tutor, visitor, voter, wife, witness, worker, fahrer, lehrer, lehrerin, "
            "accountant, adviser, advisor, assignee, attorney, auditor, broker, dentist, "
            "inspector, judge, midwife, officer, pharmacist, pilot, psychologist, representative, "
            "secretary, arzt, mieter, eigentumer, schuler, "
            "ansprechpartner, patientenname, inhaber, nom complet, nombre completo, "
            "nome completo, volledige naam, nom, nombre, nome, naam, namn, navn, jmeno, фио, "
            "姓名, 氏名, 名前, 이름",
}  # fmt: skip
# Before "name": things, places and files, not persons.
THINGS = (
    "album|area|band|book|brand|breed|bucket|category|channel|character|class|club|column|"
    "county|course|dataset|device|disease|district|drug|event|feature|field|file|film|"
    "folder|game|genre|group|hotel|item|job|key|label|list|material|model|module|"
    "movie|office|package|page|parameter|plan|plant|playlist|port|process|product|"
    "program|project|protein|region|restaurant|river|role|school|series|service|ship|"
    "shop|song|species|state|station|store|table|tag|task|team|title|track|unit|"
    "university|variable|venue|vessel"
)
COMPOUND = ("first_name", "last_name")  # kinds whose long terms also end a word: kundennachname
ALONE = {"first": "first_name", "last": "last_name"}  # terms that say so alone: no `visit_last`
LONG = 7  # letters
COUNT = r"(_?\d+)?(_?(no|nr|num|number|nummer|numero|line))?(_?\d+)?"


def plain(name: str) -> str:
    """Words of a name, small, without accents, joined by `_`.

    >>> plain("nameLast"), plain("NOM de Famille"), plain("Straße")
    ('name_last', 'nom_de_famille', 'strasse')
    """
    parted = re.sub(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    letters = unicodedata.normalize("NFKD", parted.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFC", bare)).strip("_")


def kind_of(name: str) -> str:
    """The kind of text that a column's name speaks of, "" where it speaks of none.

    >>> kind_of("Customer.Phone"), kind_of("phone_calls"), kind_of("nameLast"), kind_of("fileName")
    ('phone', '', 'last_name', '')
    """
    words = plain(name)
    if words in ALONE:
        return ALONE[words]
    for kind, pattern in _patterns().items():
        if pattern.search(words):
            return "" if kind == "name" and _of_a_thing(words) else kind
    return ""


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """One for each kind: a term at the end of the name, perhaps with a number behind it."""
    found = {}
    for kind, terms in TERMS.items():
        phrases = [plain(term).replace("_", "_?") for term in terms.split(",")]
        ends = [phrase for phrase in phrases if len(phrase) >= LONG and kind in COMPOUND]
        inside = rf"|({'|'.join(ends)})" if ends else ""
        found[kind] = re.compile(rf"((^|_)({'|'.join(phrases)}){inside}){COUNT}$")
    return found


def _of_a_thing(words: str) -> bool:
    return bool(re.search(rf"(^|_)({THINGS})_?name", words))
