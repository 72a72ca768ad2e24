SELECT distinct_id, min(usage.first_seen) AS first_seen, arraySort(groupUniqArrayArray(days)) AS days
FROM distinct_id_usage AS usage
WHERE team_id = {{team:Int64}} AND distinct_id IN {{ids:Array(String)}}
GROUP BY distinct_id
ORDER BY distinct_id
