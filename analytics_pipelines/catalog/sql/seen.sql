    SELECT team_id, 'name' AS kind, toInt8(-1) AS group_type_index, event AS name, '' AS type,
        first_seen, last_seen, received_at, events
    FROM {shapes}
    UNION ALL
    SELECT team_id, kind, group_type_index, one.1,
        if(
            -- texts, whatever they look like
            one.2 IN (3, 4) AND (match(one.1, '^(utm_|\\$feature/|\\$survey_response)') OR one.1 = '$feature_flag_response'),
            'String',
            ['', 'String', 'Numeric', 'Boolean', 'DateTime'][one.2 + 1]
        ),
        first_seen, last_seen, received_at, events
    FROM
    (
        SELECT *, 'event' AS kind, toInt8(-1) AS group_type_index, properties AS brought FROM {shapes}
        UNION ALL
        SELECT *, 'person', toInt8(-1), person_properties FROM {shapes}
        UNION ALL
        SELECT {shapes}.*, 'group', toInt8(index), group_properties
        FROM {shapes}
        INNER JOIN (SELECT DISTINCT team_id, index, name AS group_type FROM group_types) AS types USING (team_id, group_type)
    )
    ARRAY JOIN brought AS one
    -- what an event says of others is no property of its own
    WHERE kind != 'event'
        OR NOT match(one.1, '^\\$(set|set_once|unset|groups|group_set|group_[0-4])$')
