arrayConcat(
    [('name', '', event, toUInt8(0))],
    arrayMap(
        -- texts, whatever they look like
        pair -> ('event', '', pair.1, if(
            startsWith(pair.1, 'utm_') OR startsWith(pair.1, '$feature/') OR startsWith(pair.1, '$survey_response')
                OR pair.1 = '$feature_flag_response',
            toUInt8(ascii(pair.2) = 34),
            {type_of}
        )),
        arrayFilter(
            -- what an event says of others is no property of its own
            pair -> pair.1 NOT IN (
                '$set', '$set_once', '$unset', '$groups', '$group_set',
                '$group_0', '$group_1', '$group_2', '$group_3', '$group_4'
            ),
            JSONExtractKeysAndValuesRaw(properties)
        )
    ),
    arrayMap(
        pair -> ('person', '', pair.1, {type_of}),
        if(
            has_person AND event NOT IN ('$exception', '$$heatmap'),
            arrayConcat(
                JSONExtractKeysAndValuesRaw(properties, '$set'), JSONExtractKeysAndValuesRaw(properties, '$set_once')
            ),
            []
        )
    ),
    arrayMap(
        pair -> ('group', JSONExtractString(properties, '$group_type'), pair.1, {type_of}),
        if(has_person AND event = '$groupidentify', JSONExtractKeysAndValuesRaw(properties, '$group_set'), [])
    )
)
