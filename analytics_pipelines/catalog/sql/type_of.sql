toUInt8(multiIf(
        -- a text: 4 a moment, 3 true or false, 1 any other
        ascii(pair.2) = 34, multiIf(
            pair.2 IN ('"true"', '"false"'), 3,
            substring(pair.2, 6, 1) = '-' AND match(pair.2, '{moment}'), 4,
            1
        ),
        ascii(pair.2) IN (116, 102), 3, -- true, false
        ascii(pair.2) IN (110, 123, 91, 0), 0, -- null, an object, a list
        2 -- a number
    ))
