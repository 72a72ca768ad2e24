arrayConcat(
    [('name', '', event, toUInt8(0))],
    arrayMap(
        pair -> ('event', '', pair.1, {type_of}),
        arrayFilter(
            -- what an event says of others is no property of its own
            pair -> NOT match(pair.1, '^\\$(set|set_once|unset|groups|group_set|group_[0-4])$'),
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
