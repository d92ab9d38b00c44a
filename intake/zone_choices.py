"""The time zones that the self-assessment offers: one name for each hour that people live by, by region.

Any other IANA name comes through the API; a page without JavaScript cannot ask the browser.
"""

ZONES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Europe",
        (
            ("Europe/London", "London, Dublin"),
            ("Europe/Lisbon", "Lisbon"),
            ("Europe/Berlin", "Berlin, Paris, Madrid, Rome"),
            ("Europe/Athens", "Athens, Bucharest, Sofia"),
            ("Europe/Helsinki", "Helsinki, Tallinn, Vilnius"),
            ("Europe/Kyiv", "Kyiv"),
            ("Europe/Istanbul", "Istanbul"),
            ("Europe/Moscow", "Moscow"),
            ("Atlantic/Reykjavik", "Reykjavik"),
        ),
    ),
    (
        "Americas",
        (
            ("America/New_York", "New York, Toronto"),
            ("America/Chicago", "Chicago, Dallas"),
            ("America/Denver", "Denver"),
            ("America/Phoenix", "Phoenix"),
            ("America/Los_Angeles", "Los Angeles, Seattle"),
            ("America/Vancouver", "Vancouver"),
            ("America/Anchorage", "Anchorage"),
            ("Pacific/Honolulu", "Honolulu"),
            ("America/Halifax", "Halifax"),
            ("America/St_Johns", "St John’s"),
            ("America/Mexico_City", "Mexico City"),
            ("America/Bogota", "Bogotá, Lima"),
            ("America/Santiago", "Santiago de Chile"),
            ("America/Sao_Paulo", "São Paulo"),
            ("America/Argentina/Buenos_Aires", "Buenos Aires"),
        ),
    ),
    (
        "Africa and Middle East",
        (
            ("Africa/Casablanca", "Casablanca"),
            ("Africa/Lagos", "Lagos, Kinshasa"),
            ("Africa/Accra", "Accra, Dakar"),
            ("Africa/Cairo", "Cairo"),
            ("Africa/Johannesburg", "Johannesburg, Harare"),
            ("Africa/Nairobi", "Nairobi, Addis Ababa"),
            ("Asia/Jerusalem", "Jerusalem, Tel Aviv"),
            ("Asia/Riyadh", "Riyadh, Doha"),
            ("Asia/Dubai", "Dubai, Abu Dhabi"),
        ),
    ),
    (
        "Asia and Pacific",
        (
            ("Asia/Karachi", "Karachi"),
            ("Asia/Kolkata", "Mumbai, Delhi, Bengaluru"),
            ("Asia/Dhaka", "Dhaka"),
            ("Asia/Bangkok", "Bangkok, Hanoi, Jakarta"),
            ("Asia/Singapore", "Singapore, Kuala Lumpur"),
            ("Asia/Shanghai", "Shanghai, Beijing"),
            ("Asia/Hong_Kong", "Hong Kong"),
            ("Asia/Manila", "Manila"),
            ("Asia/Tokyo", "Tokyo"),
            ("Asia/Seoul", "Seoul"),
            ("Australia/Perth", "Perth"),
            ("Australia/Adelaide", "Adelaide"),
            ("Australia/Brisbane", "Brisbane"),
            ("Australia/Sydney", "Sydney, Melbourne"),
            ("Pacific/Auckland", "Auckland"),
        ),
    ),
    ("Everywhere", (("UTC", "UTC"),)),
)
