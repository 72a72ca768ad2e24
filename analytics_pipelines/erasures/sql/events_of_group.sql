-- Events that name the group, whether or not they were sent with a person.
SELECT team_id, uuid
FROM events
WHERE team_id = {{team:Int64}} AND (
    groups[{{type:String}}] = {{key:String}}
    OR JSONExtract(properties, '$groups', {{type:String}}, 'String') = {{key:String}}
    OR event = '$groupidentify'
        AND JSONExtract(properties, '$group_type', 'String') = {{type:String}}
        AND JSONExtract(properties, '$group_key', 'String') = {{key:String}}
)
