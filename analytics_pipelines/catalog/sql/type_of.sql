toUInt8(multiIf(
        -- a text: 4 a moment, 3 true or false, 1 any other
        ascii(pair.2) = 34, multiIf(
            match(pair.1, '^(utm_|\\$feature/|\\$survey_response)') OR pair.1 = '$feature_flag_response', 1, -- always
            match(pair.2, '{moment}'), 4,
            pair.2 IN ('"true"', '"false"'), 3,
            1
        ),
        ascii(pair.2) IN (116, 102), 3, -- true, false
        ascii(pair.2) IN (110, 123, 91, 0), 0, -- null, an object, a list
        2 -- a number
    ))
