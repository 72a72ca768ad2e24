"""Properties that have a column of their own in `events`: those that questions filter and break down by most.

A column is named like its property and equals `JSONExtract(properties, name, 'Nullable(String)')`: a string without its
quotes, other values as their JSON, NULL for null and for what is missing. So a question may read either, but for what
the columns know better: `$session_id` is in small letters where it is a UUID (some SDKs write it in capitals), and is
made up for visitors whose browser stores nothing; `$browser`, `$os` and `$device_type` are read from the user agent,
and `$geoip_…` found by the address, where the SDK sent none.
"""

# Few different values: kept as a dictionary.
_FEW = (
    "$host",
    "$referring_domain",
    "$browser",
    "$browser_version",
    "$os",
    "$os_version",
    "$device_type",
    "$lib",
    "$lib_version",
    "$screen_name",
    "$geoip_country_code",
    "$geoip_country_name",
    "$geoip_city_name",
    "$geoip_continent_code",
    "$geoip_subdivision_1_code",
    "$geoip_time_zone",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "gad_source",
)

_MANY = (
    "$session_id",
    "$window_id",
    "$device_id",
    "$current_url",
    "$pathname",
    "$referrer",
    "utm_content",
    "utm_term",
    "gclid",
    "fbclid",
    "$external_click_url",
    "$web_vitals_LCP_value",
)

HOT_PROPERTIES: dict[str, str] = {
    **dict.fromkeys(_MANY, "Nullable(String)"),
    **dict.fromkeys(_FEW, "LowCardinality(Nullable(String))"),
}
"""Property → the type of its column."""
