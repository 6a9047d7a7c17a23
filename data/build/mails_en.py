"""English mail templates. {a.name} is a fact about the sender a; b is the receiver, c a third person. {order} and the like
are no personal data. [x|y] picks one."""

GREETINGS = [
    "Dear {b.first},",
    "Hi {b.first},",
    "Hello {b.first},",
    "Dear {b.title} {b.last},",
    "{b.first},",
    "Good morning {b.name},",
    "Dear {b.name},",
]
CLOSINGS = [
    "Kind regards,",
    "Best wishes,",
    "Thanks,",
    "Many thanks and best regards,",
    "Yours sincerely,",
    "Cheers,",
    "See you soon,",
]
SIGNATURES = [
    "{a.first}",
    "{a.name}",
    "{a.name}\n{company}",
    "{a.name}\nphone {a.phone}",
    "{a.name} | {company} | {a.email}",
    "{a.name}\n{department}, {company}\nTel. {a.phone}\n{a.email}",
    "{a.name}\n{a.address}\n{a.phone}",
    "-- \n{a.name}\n{a.email} / {a.phone}",
    "{a.first}\n\n[Sent from my phone|Sent while travelling, please excuse the brevity]",
]
HEADERS = [
    "From: {a.name} <{a.email}>\nTo: {b.name} <{b.email}>\nDate: {stamp}\nSubject: {subject}",
    "From: {a.email}\nTo: {b.email}\nSubject: {subject}",
    "From: {a.name} <{a.email}>\nTo: {role_mail}\nCc: {c.email}\nDate: {stamp}\nSubject: {subject}",
    "Subject: {subject}",
]
QUOTED = [
    "On {stamp}, {b.name} wrote:",
    "On {day} {b.name} <{b.email}> wrote:",
    "-----Original message-----\nFrom: {b.name}",
]
FOOTERS = [
    "This message was sent to you because you ordered at {company}. Questions? Write to {role_mail}.",
    "{company} · registered no. {digits8} · {role_mail}",
    "Please think of the trees before you print this.",
]
NOTICES = [  # mails that a machine sends, without personal data
    (
        "Release {version} is out",
        "Version {version} replaces {version}. [The installer now accepts keys with 16 characters, such as {digits16_spaced}.|It mends the sync bug of ticket {phonelike}.] Write to {role_mail} if it does not start.\n\nBuild {idlike}, {day}.",
    ),
    (
        "Stock list, week {number}",
        "{product}: {number} left\n{product}: {number} left\n{product}: sold out until {day}\n\nBatch numbers {digits16}, {digits16_spaced} and {ibanlike} have been called back. Orders: {role_mail}.",
    ),
    (
        "Planned maintenance on {day}",
        "On {day} between {time} and {time} the print service is off. Drivers older than {version} stop working then. Case {phonelike}. Nothing to do for you; {role_mail} answers questions.",
    ),
    (
        "The library closes early",
        "On {day} the reading room {room} closes at {time}. Books due that day, such as {product} or the new life of Rosa Parks, may be returned until {day}. Shelf marks {ssnlike} to {ssnlike} move to the cellar.",
    ),
]
TOPICS = {
    "order": [
        (
            "Your order {order}",
            "thank you for order {order}. [We send|Tomorrow we send] {number} x {product} to {b.address}. The parcel has the number {digits16}; [our driver calls you on {b.phone} before he comes|you can follow it on our page].\n\nIf the address is wrong, please tell us before {day}.",
        ),
        (
            "Order {phonelike} is late",
            "I ordered {product} on {day}, order number {phonelike}, and nothing has come. Please check whether you have my address right: {a.address}. You reach me [in the evening |]on {a.phone}.",
        ),
        (
            "Change of delivery",
            "could you send order {order} to my neighbour {c.name}, {c.address}, instead? [She is|They are] at home all day, phone {c.phone}. The product code is {product}, in case you need it.",
        ),
    ],
    "appointment": [
        (
            "Appointment on {day}",
            "your appointment with Dr {c.last} is on {day} at {time}. Please bring your insurance card; we have you down as {b.name}, born {b.born}. [If you cannot come, call {phone_office} or write to {role_mail}.|Please arrive ten minutes early.]",
        ),
        (
            "Moving our meeting",
            "can we move the meeting from {day} to {later}, {time}, room {room}? {c.first} joins us by phone ({c.phone}). [The agenda is unchanged.|I shall bring the figures for {product}.]",
        ),
        (
            "Viewing the flat",
            "the viewing is on {day} at {time}. The address is {a.address}; ring at {c.last}. My number for the day is {a.phone}, [and {c.first} can be reached at {c.email}|just call if you get lost].",
        ),
    ],
    "complaint": [
        (
            "Broken {product}",
            "the {product} from order {order} broke after [two days|a week]. The serial number is {digits16_spaced}, firmware {version}. I want my money back on the account {a.iban}, as {c.first} of your hotline promised on {day}.",
        ),
        (
            "Charged twice",
            "you charged my card {a.credit_card} twice for invoice {order}: {amount} on {day} and again on {later}. Please return one payment. My customer number is {phonelike}, and my phone is {a.phone}.",
        ),
        (
            "Noise again",
            "on {day} at {time} there was noise from the flat of {c.name} again. I have written to {c.email} twice. [The file at the town hall is number {ssnlike}.|Please do something about it.]",
        ),
    ],
    "invoice": [
        (
            "Invoice {order}",
            "please find the invoice {order} of {day} over {amount}. Pay within 14 days to {a.iban}, reference {ibanlike}. [The invoice is made out to {b.name}, {b.address}.|Your customer number is {digits8}.]",
        ),
        (
            "Payment reminder",
            "we have not seen {amount} for invoice {order} yet. If you paid from the account {b.iban}, please send us the day. [Otherwise we charge the card {b.credit_card} on {day}.|Questions? {role_mail}.]",
        ),
        (
            "Travel costs",
            "here are my costs for the fair: train {amount}, hotel {amount} (booking {digits16}). Please transfer them to {a.iban}, in the name of {a.name}. The hotel took my card {a.credit_card} as a deposit.",
        ),
    ],
    "staff": [
        (
            "New colleague",
            "{c.name} starts in {department} on {day}. For the contract: born {c.born}, social security number {c.id_number}, address {c.address}. Account for the salary: {c.iban}. [Please order a badge, type {product}.|The desk is next to room {room}.]",
        ),
        (
            "Parking permit",
            "please issue a permit for {c.name} ({department}), {c.email}, phone {c.phone}, home address {c.address}. [The old one had the number {ssnlike}.|It should be valid from {day}.]",
        ),
        (
            "Your leave",
            "your leave from {day} to {later} is approved. {c.name} stands in for you. Please check your data: date of birth {b.born}, emergency number {b.phone}, tax file {b.id_number}.",
        ),
        (
            "Birthday list",
            "for the birthday list: {c.name}, {c.born}, and {b.name}, {b.born}. The party for everybody is on {day} in {room}. [Cake: {number} pieces.|Please bring {product}.]",
        ),
    ],
    "computer": [
        (
            "New sign-in",
            "somebody signed in to your account {b.email} from the address {b.ip} on {day} at {time}, with app version {version}. If this was not you, [call {phone_office}|change your password] now.",
        ),
        (
            "Ticket {phonelike}",
            "the log shows: client {version}, remote host {b.ip}, user {b.email}, error 404.12.7.3 in module {product}. Since the update to {version} the host {c.ip} (that is {c.first}) has it too. [Could you restart?|I close the ticket on {day}.]",
        ),
        (
            "VPN access",
            "please let the addresses {a.ip} and {c.ip} through the firewall; they are {c.name}'s and mine. Rule set {version} blocks them since {day}. My extension is {digits4}.",
        ),
    ],
    "travel": [
        (
            "Booking {order}",
            "your room is booked from {day} to {later}, confirmation {digits16}. Guests: {b.name} and {c.name}, born {c.born}. We hold {amount} on the card {b.credit_card} until you arrive.",
        ),
        (
            "Tickets",
            "I have the tickets for {day}, {time}: {b.first}, {c.first} and me. [My booking code is {product}, receipt {digits16_spaced}.|The train is full, so be early.] If you miss me, my phone is {a.phone}. We sleep at {c.name}'s, {c.address}.",
        ),
    ],
    "small talk": [
        (
            "Sunday",
            "are you coming on Sunday? {c.first} makes the soup, I bring bread. [We may read a chapter of Jane Eyre aloud.|The forecast for {day} is good.] If it rains, call me: {a.phone}.",
        ),
        (
            "Photos",
            "thanks for the photos! [The one with the dog is the best.|I printed three of them.] Could you send them to {c.first} as well, at {c.email}? I am away until {day}.",
        ),
        (
            "Book club",
            "the next book is by Mary Shelley; we meet on {day} at {time}. [Edition {product} is the cheap one.|Bring a cushion.] {c.name} is new, please add {c.email} to the list.",
        ),
        (
            "Found your keys",
            "your keys are with {c.name}, {c.address}. [Ring twice.|The dog is loud, but friendly.] Victoria station found them, receipt {phonelike}.",
        ),
    ],
    "bank": [
        (
            "Standing order",
            "I would like to pay {amount} on the first of each month from {a.iban} to {c.iban}, holder {c.name}. [Start on {day}.|The reference is {digits16}.] My date of birth for the check is {a.born}.",
        ),
        (
            "Your new card",
            "your new card {b.credit_card} comes by post to {b.address}. The old one ends on {day}. Its letter of {day} has the file number {ssnlike}.",
        ),
    ],
    "contract": [
        (
            "Loan agreement",
            "these are the parties: {a.name}, social security number {a.id_number}, {a.address}; and {b.name}, {b.id_number}, {b.address}. The loan of {amount} is due on {day}, payable to {a.iban}. [The draft is file {ssnlike}.|Witness: {c.name}, {c.phone}.]",
        ),
        (
            "Insurance claim",
            "for the claim you need: {a.name}, born {a.born}, SSN {a.id_number}. It happened on {day}; the other driver was {c.name} ({c.phone}), policy {digits16}. I filled in your form online from {a.ip}, [receipt {ssnlike}|with browser version {version}].",
        ),
    ],
    "school": [
        (
            "Trip of class {number}",
            "{c.name}, born {c.born}, may take part in the trip on {day}. In an emergency call {a.phone} [or the grandmother, {b.phone}|at any time]. The fee of {amount} comes from {a.iban}.",
        ),
        (
            "Certificate",
            "please send a certificate for {c.name}, matriculation number {digits8}, born {c.born}, to {c.address}. The form {ssnlike} is attached.",
        ),
    ],
}
