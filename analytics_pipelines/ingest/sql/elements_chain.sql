-- `$elements` of old SDKs, an array of objects → the text that new ones send: tag.class:attribute="value"…;…
arrayStringConcat(arrayMap(element -> concat(
    element['tag_name'],
    arrayStringConcat(arrayMap(
        class -> concat('.', class), arraySort(splitByWhitespace(element['attr__class']))
    )),
    ':',
    arrayStringConcat(arrayMap(
        pair -> concat(pair.1, '="', replaceAll(replaceAll(pair.2, '\\', '\\\\'), '"', '\\"'), '"'),
        arraySort(arrayFilter(pair -> pair.2 != '', arrayConcat(
            arrayMap(
                key -> (transform(key, ['nth_child', 'nth_of_type', '$el_text'], ['nth-child', 'nth-of-type', 'text'], key), element[key]),
                arrayFilter(key -> key IN ('nth_child', 'nth_of_type', '$el_text', 'text') OR startsWith(key, 'attr__'), mapKeys(element))
            ),
            [('attr_id', element['attr__id']), ('href', element['attr__href'])]
        )))
    ))
), found.`$elements`), ';')
