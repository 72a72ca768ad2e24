"""The functions that a query may call, by category: everything that is not named here is refused.

Never to be listed: what reads files, other tables, dictionaries, the network or the server's own state, what sleeps or
throws, and what takes the name of a function as a value.
"""

from __future__ import annotations

from dataclasses import dataclass

from analytics_pipelines.sql.types import Kind


@dataclass(frozen=True, slots=True)
class Function:
    """`result` None means the kind of the first argument; `most` -1 means any number.

    `params` bounds the first pair of brackets in `quantile(0.9)(x)`; (0, 0) for other functions.
    """

    name: str
    least: int
    most: int
    result: Kind | None
    aggregate: bool = False
    window_only: bool = False
    params: tuple[int, int] = (0, 0)


Functions = dict[str, Function]


def _listed(result: Kind | None, text: str, **traits: bool) -> Functions:
    """`name/2` or `name/1-3` or `name/1-` (no upper bound), with `@0-1` for params."""
    found = {}
    for word in text.split():
        name, bounds = word.split("/")
        bounds, _, params = bounds.partition("@")
        found[name] = Function(name, *_bounds(bounds), result, params=_bounds(params or "0"), **traits)
    return found


def _bounds(text: str) -> tuple[int, int]:
    low, dash, high = text.partition("-")
    return int(low), int(high or -1) if dash else int(low)


_ARITHMETIC = {
    **_listed(
        Kind.NUMBER,
        """
        multiply/2 divide/2 intDiv/2 intDivOrZero/2 modulo/2 moduloOrZero/2 positiveModulo/2 negate/1 abs/1 sign/1
        gcd/2 lcm/2 bitAnd/2 bitOr/2 bitXor/2 bitNot/1 bitShiftLeft/2 bitShiftRight/2 bitTest/2 bitCount/1
        """,
    ),
    **_listed(None, "plus/2 minus/2 least/1- greatest/1- max2/2 min2/2"),
}
_MATHEMATICS = _listed(
    Kind.NUMBER,
    """
    e/0 pi/0 exp/1 exp2/1 exp10/1 log/1 ln/1 log2/1 log10/1 log1p/1 sqrt/1 cbrt/1 pow/2 power/2 sin/1 cos/1 tan/1
    asin/1 acos/1 atan/1 atan2/2 sinh/1 cosh/1 tanh/1 asinh/1 acosh/1 atanh/1 hypot/2 degrees/1 radians/1 factorial/1
    erf/1 erfc/1 lgamma/1 tgamma/1 widthBucket/4 rand/0 rand64/0 randCanonical/0
    """,
)
_ROUNDING = _listed(
    Kind.NUMBER,
    """
    floor/1-2 ceil/1-2 ceiling/1-2 round/1-2 roundBankers/1-2 trunc/1-2 truncate/1-2 roundDown/2 roundToExp2/1
    roundDuration/1 roundAge/1
    """,
)
_CONDITIONS = {
    **_listed(None, "coalesce/1- ifNull/2 nullIf/2 assumeNotNull/1 toNullable/1 ifNotFinite/2"),
    **_listed(Kind.OTHER, "if/3 multiIf/3- transform/3-4"),
    **_listed(
        Kind.BOOL,
        """
        isNull/1 isNotNull/1 isZeroOrNull/1 isNaN/1 isFinite/1 isInfinite/1 not/1 xor/2- and/2- or/2- equals/2
        notEquals/2 less/2 lessOrEquals/2 greater/2 greaterOrEquals/2 empty/1 notEmpty/1
        """,
    ),
}
_CONVERSION = {
    **_listed(
        Kind.NUMBER,
        """
        toInt/1 toFloat/1 toInt8/1 toInt16/1 toInt32/1 toInt64/1 toInt128/1 toInt256/1 toUInt8/1 toUInt16/1 toUInt32/1
        toUInt64/1 toUInt128/1 toUInt256/1 toFloat32/1 toFloat64/1 toInt64OrNull/1 toInt64OrZero/1 toInt32OrNull/1
        toInt32OrZero/1 toUInt64OrNull/1 toUInt64OrZero/1 toUInt32OrNull/1 toUInt32OrZero/1 toUInt8OrNull/1
        toUInt8OrZero/1 toFloat64OrNull/1 toFloat64OrZero/1 toFloat32OrNull/1 toFloat32OrZero/1 toDecimal32/2
        toDecimal64/2 toDecimal128/2
        """,
    ),
    **_listed(Kind.BOOL, "toBool/1"),
    **_listed(Kind.STRING, "toString/1-2 toTypeName/1 toJSONString/1 hex/1 bin/1 unhex/1 unbin/1 char/1-"),
    **_listed(Kind.UUID, "toUUID/1 toUUIDOrNull/1 toUUIDOrZero/1 generateUUIDv4/0 generateUUIDv7/0"),
}
_DATES = {
    **_listed(
        Kind.INSTANT,
        """
        now/0 now64/0-1 toDateTime/1-2 toDateTime64/1-3 toDateTimeOrNull/1 parseDateTime/2-3 parseDateTimeOrNull/2-3
        parseDateTimeBestEffort/1-2 parseDateTimeBestEffortOrNull/1-2 parseDateTime64BestEffort/1-3
        parseDateTime64BestEffortOrNull/1-3 toStartOfDay/1 toStartOfHour/1 toStartOfMinute/1 toStartOfSecond/1
        toStartOfMillisecond/1 toStartOfFiveMinutes/1 toStartOfTenMinutes/1 toStartOfFifteenMinutes/1 timeSlot/1
        fromUnixTimestamp/1 fromUnixTimestamp64Milli/1 fromUnixTimestamp64Micro/1 toTimeZone/2 addHours/2 addMinutes/2
        addSeconds/2 addMilliseconds/2 subtractHours/2 subtractMinutes/2 subtractSeconds/2 subtractMilliseconds/2
        UUIDv7ToDateTime/1
        """,
    ),
    **_listed(
        Kind.DATE,
        """
        today/0 yesterday/0 toDate/1 toDate32/1 toDateOrNull/1 toStartOfWeek/1-2 toStartOfMonth/1 toStartOfQuarter/1
        toStartOfYear/1 toStartOfISOYear/1 toMonday/1 toLastDayOfMonth/1 toLastDayOfWeek/1-2 makeDate/3
        """,
    ),
    **_listed(
        None,
        """
        addDays/2 addWeeks/2 addMonths/2 addQuarters/2 addYears/2 subtractDays/2 subtractWeeks/2 subtractMonths/2
        subtractQuarters/2 subtractYears/2
        """,
    ),
    **_listed(Kind.OTHER, "toStartOfInterval/2 dateTrunc/2 dateAdd/2-3 dateSub/2-3"),
    **_listed(
        Kind.NUMBER,
        """
        toYear/1 toQuarter/1 toMonth/1 toWeek/1-2 toYearWeek/1-2 toISOWeek/1 toISOYear/1 toDayOfYear/1 toDayOfMonth/1
        toDayOfWeek/1-2 toHour/1 toMinute/1 toSecond/1 toMillisecond/1 toYYYYMM/1 toYYYYMMDD/1 toYYYYMMDDhhmmss/1
        toUnixTimestamp/1 toUnixTimestamp64Second/1 toUnixTimestamp64Milli/1 toUnixTimestamp64Micro/1 dateDiff/3 age/3
        timezoneOffset/1 toRelativeSecondNum/1 toRelativeMinuteNum/1 toRelativeHourNum/1 toRelativeDayNum/1
        toRelativeWeekNum/1 toRelativeMonthNum/1 toRelativeQuarterNum/1 toRelativeYearNum/1 toDaysSinceYearZero/1
        """,
    ),
    **_listed(
        Kind.OTHER,
        """
        toIntervalSecond/1 toIntervalMinute/1 toIntervalHour/1 toIntervalDay/1 toIntervalWeek/1 toIntervalMonth/1
        toIntervalQuarter/1 toIntervalYear/1
        """,
    ),
    **_listed(Kind.STRING, "formatDateTime/2 formatDateTimeInJodaSyntax/2 dateName/2 monthName/1 timezoneOf/1"),
}
_STRINGS = {
    **_listed(
        Kind.STRING,
        """
        lower/1 upper/1 lowerUTF8/1 upperUTF8/1 trim/1 trimLeft/1 trimRight/1 trimBoth/1 concat/1-
        concatWithSeparator/2- substring/2-3 substringUTF8/2-3 left/2 leftUTF8/2 right/2 rightUTF8/2 leftPad/2-3
        rightPad/2-3 repeat/2 reverse/1 reverseUTF8/1 translate/3 translateUTF8/3 base64Encode/1 base64Decode/1
        tryBase64Decode/1 initcap/1 initcapUTF8/1 soundex/1 toValidUTF8/1 substringIndex/3 formatReadableSize/1
        formatReadableDecimalSize/1 formatReadableQuantity/1 formatReadableTimeDelta/1-2 encodeXMLComponent/1
        decodeXMLComponent/1 decodeHTMLComponent/1 extractTextFromHTML/1 normalizeUTF8NFC/1 normalizeUTF8NFKC/1 bar/4
        """,
    ),
    **_listed(
        Kind.NUMBER,
        """
        length/1 lengthUTF8/1 levenshteinDistance/2 editDistance/2 damerauLevenshteinDistance/2 jaroSimilarity/2
        jaroWinklerSimilarity/2 stringJaccardIndex/2 ascii/1 ngramDistance/2 ngramSearch/2
        """,
    ),
    **_listed(Kind.BOOL, "startsWith/2 endsWith/2 startsWithUTF8/2 endsWithUTF8/2 isValidUTF8/1"),
    **_listed(
        Kind.ARRAY,
        """
        splitByChar/2-3 splitByString/2-3 splitByRegexp/2-3 splitByWhitespace/1 splitByNonAlpha/1 alphaTokens/1 ngrams/2
        tokens/1
        """,
    ),
}
_SEARCHING = {
    **_listed(
        Kind.STRING,
        """
        replace/3 replaceAll/3 replaceOne/3 replaceRegexpOne/3 replaceRegexpAll/3 extract/2 regexpExtract/2-3
        regexpQuoteMeta/1
        """,
    ),
    **_listed(
        Kind.NUMBER,
        """
        position/2-3 positionCaseInsensitive/2-3 positionUTF8/2-3 positionCaseInsensitiveUTF8/2-3 countSubstrings/2
        countSubstringsCaseInsensitive/2 countMatches/2 countMatchesCaseInsensitive/2 multiSearchFirstIndex/2
        multiSearchFirstPosition/2 multiMatchAnyIndex/2
        """,
    ),
    **_listed(
        Kind.BOOL,
        """
        like/2 ilike/2 notLike/2 notILike/2 match/2 multiSearchAny/2 multiSearchAnyCaseInsensitive/2
        multiSearchAnyUTF8/2 multiMatchAny/2 hasToken/2 hasTokenCaseInsensitive/2 hasSubsequence/2
        """,
    ),
    **_listed(
        Kind.ARRAY,
        """
        extractAll/2 extractAllGroups/2 extractAllGroupsVertical/2 extractAllGroupsHorizontal/2 extractGroups/2
        multiSearchAllPositions/2
        """,
    ),
}
_ARRAYS = {
    **_listed(
        Kind.ARRAY,
        """
        array/0- arrayMap/2- arrayFilter/2- arraySort/1- arrayReverseSort/1- arrayPartialSort/2- arrayConcat/1-
        arrayDistinct/1 arrayReverse/1 arraySlice/2-3 arrayPushBack/2 arrayPushFront/2 arrayPopBack/1 arrayPopFront/1
        arrayFlatten/1 arrayCompact/1 arrayEnumerate/1 arrayEnumerateUniq/1- arrayEnumerateDense/1- arrayZip/2-
        arrayZipUnaligned/2- arrayIntersect/1- arrayDifference/1- arrayCumSum/1- arrayCumSumNonNegative/1-
        arrayFill/2- arrayReverseFill/2- arraySplit/2- arrayReverseSplit/2- arrayResize/2-3 arrayRotateLeft/2
        arrayRotateRight/2 arrayShiftLeft/2-3 arrayShiftRight/2-3 arrayWithConstant/2 range/1-3 sortableSemver/1
        """,
    ),
    **_listed(
        Kind.NUMBER,
        """
        indexOf/2 countEqual/2 arrayCount/1- arraySum/1- arrayAvg/1- arrayUniq/1- arrayProduct/1- arrayFirstIndex/2-
        arrayLastIndex/2- arrayDotProduct/2 arrayJaccardIndex/2
        """,
    ),
    **_listed(Kind.BOOL, "has/2 hasAny/2 hasAll/2 hasSubstr/2 arrayExists/1- arrayAll/1-"),
    **_listed(Kind.STRING, "arrayStringConcat/1-2"),
    **_listed(
        Kind.OTHER,
        """
        arrayElement/2 arrayElementOrNull/2 arrayJoin/1 arrayFirst/2- arrayFirstOrNull/2- arrayLast/2-
        arrayLastOrNull/2- arrayMin/1- arrayMax/1- arrayFold/3-
        """,
    ),
}
_TUPLES_AND_MAPS = {
    **_listed(
        Kind.OTHER,
        """
        tuple/0- tupleElement/2-3 tupleConcat/2- map/0- mapFromArrays/2 mapFilter/2 mapApply/2 mapAdd/2- mapSubtract/2-
        mapConcat/1- mapUpdate/2 mapSort/1-2 mapReverseSort/1-2
        """,
    ),
    **_listed(Kind.ARRAY, "mapKeys/1 mapValues/1"),
    **_listed(Kind.BOOL, "mapContains/2 mapExists/1-2 mapAll/1-2 mapContainsKeyLike/2"),
}
_JSON = {
    **_listed(Kind.STRING, "JSONExtractString/1- JSONExtractRaw/1- JSONType/1- JSON_VALUE/2 JSON_QUERY/2"),
    **_listed(Kind.NUMBER, "JSONExtractInt/1- JSONExtractUInt/1- JSONExtractFloat/1- JSONLength/1- JSONArrayLength/1"),
    **_listed(Kind.BOOL, "JSONHas/1- JSONExtractBool/1- JSON_EXISTS/2 isValidJSON/1"),
    **_listed(Kind.ARRAY, "JSONExtractArrayRaw/1- JSONExtractKeys/1- JSONExtractKeysAndValuesRaw/1-"),
    **_listed(Kind.OTHER, "JSONExtract/2-"),
}
_URLS = {
    **_listed(
        Kind.STRING,
        """
        protocol/1 domain/1 domainWithoutWWW/1 topLevelDomain/1 path/1 pathFull/1 queryString/1
        queryStringAndFragment/1 fragment/1 netloc/1 extractURLParameter/2 cutURLParameter/2 cutQueryString/1
        cutFragment/1 cutQueryStringAndFragment/1 cutWWW/1 firstSignificantSubdomain/1 cutToFirstSignificantSubdomain/1
        encodeURLComponent/1 decodeURLComponent/1 encodeURLFormComponent/1 decodeURLFormComponent/1
        """,
    ),
    **_listed(Kind.NUMBER, "port/1-2"),
    **_listed(Kind.ARRAY, "extractURLParameters/1 extractURLParameterNames/1 URLHierarchy/1 URLPathHierarchy/1"),
}
_ADDRESSES = {
    **_listed(Kind.STRING, "IPv4NumToString/1 IPv4NumToStringClassC/1 IPv6NumToString/1"),
    **_listed(Kind.NUMBER, "IPv4StringToNum/1 IPv4StringToNumOrNull/1 greatCircleDistance/4 geoDistance/4"),
    **_listed(Kind.BOOL, "isIPv4String/1 isIPv6String/1 isIPAddressInRange/2"),
    **_listed(Kind.OTHER, "toIPv4/1 toIPv4OrNull/1 toIPv6/1 toIPv6OrNull/1 IPv4CIDRToRange/2 IPv6CIDRToRange/2"),
}
_HASHING = {
    **_listed(
        Kind.NUMBER,
        """
        cityHash64/1- sipHash64/1- xxHash32/1- xxHash64/1- farmHash64/1- metroHash64/1- murmurHash2_32/1-
        murmurHash2_64/1- murmurHash3_32/1- murmurHash3_64/1- halfMD5/1- intHash32/1 intHash64/1 javaHash/1 hiveHash/1
        """,
    ),
    **_listed(Kind.STRING, "MD5/1 SHA1/1 SHA224/1 SHA256/1 SHA512/1 sipHash128/1-"),
}
_AGGREGATES = {
    **_listed(
        Kind.NUMBER,
        """
        count/0-1 sum/1 avg/1 uniq/1- uniqExact/1- uniqCombined/1- uniqCombined64/1- uniqHLL12/1-
        uniqUpTo/1-@1 stddevPop/1 stddevSamp/1 varPop/1 varSamp/1 covarPop/2 covarSamp/2 corr/2 rankCorr/2
        skewPop/1 skewSamp/1 kurtPop/1 kurtSamp/1 sumWithOverflow/1 sumKahan/1 avgWeighted/2 quantile/1@0-1
        quantileExact/1@0-1 quantileExactLow/1@0-1 quantileExactHigh/1@0-1 quantileExactInclusive/1@0-1
        quantileExactExclusive/1@0-1 quantileTDigest/1@0-1 quantileTiming/1@0-1 quantileBFloat16/1@0-1
        quantileDeterministic/2@0-1 quantileExactWeighted/2@0-1 quantileTDigestWeighted/2@0-1 median/1 medianExact/1
        medianExactLow/1 medianExactHigh/1 medianTDigest/1 medianTiming/1 medianDeterministic/2 entropy/1 deltaSum/1
        deltaSumTimestamp/2 boundingRatio/2 cramersV/2 theilsU/2 contingency/2 exponentialMovingAverage/2@1
        intervalLengthSum/2 maxIntersections/2 groupBitAnd/1 groupBitOr/1 groupBitXor/1 groupBitmap/1
        windowFunnel/2-@1-4
        sequenceCount/2-@1
        """,
        aggregate=True,
    ),
    **_listed(Kind.BOOL, "sequenceMatch/2-@1", aggregate=True),
    **_listed(
        None,
        "min/1 max/1 any/1 anyLast/1 anyHeavy/1 argMin/2 argMax/2 first_value/1 last_value/1 singleValueOrNull/1",
        aggregate=True,
    ),
    **_listed(
        Kind.ARRAY,
        """
        groupArray/1@0-1 groupUniqArray/1@0-1 groupArrayLast/1@1 groupArrayMovingSum/1@0-1 groupArrayMovingAvg/1@0-1
        groupArraySorted/1@1 groupArrayInsertAt/2 groupArrayIntersect/1 quantiles/1@1- quantilesExact/1@1-
        quantilesExactLow/1@1- quantilesExactHigh/1@1- quantilesExactInclusive/1@1- quantilesExactExclusive/1@1-
        quantilesTDigest/1@1- quantilesTiming/1@1- topK/1@0-1 topKWeighted/2@0-1 retention/1- histogram/1@1
        countResample/1@3
        """,
        aggregate=True,
    ),
    **_listed(
        Kind.OTHER,
        """
        sumMap/1-2 minMap/1-2 maxMap/1-2 sumCount/1 simpleLinearRegression/2 studentTTest/2@0-1 welchTTest/2@0-1
        mannWhitneyUTest/2@0-2
        """,
        aggregate=True,
    ),
    **_listed(Kind.STRING, "groupConcat/1@0-2", aggregate=True),
}
_WINDOW = {
    **_listed(
        Kind.NUMBER,
        "row_number/0 rank/0 dense_rank/0 percent_rank/0 cume_dist/0 ntile/1",
        window_only=True,
    ),
    **_listed(None, "lagInFrame/1-3 leadInFrame/1-3 nth_value/2 lag/1-3 lead/1-3", window_only=True),
}

CATEGORIES: dict[str, Functions] = {
    "Aggregates": _AGGREGATES,
    "Window functions": _WINDOW,
    "Arithmetic": _ARITHMETIC,
    "Mathematics": _MATHEMATICS,
    "Rounding": _ROUNDING,
    "Conditions and comparisons": _CONDITIONS,
    "Conversion": _CONVERSION,
    "Dates and times": _DATES,
    "Strings": _STRINGS,
    "Searching in strings": _SEARCHING,
    "Arrays": _ARRAYS,
    "Tuples and maps": _TUPLES_AND_MAPS,
    "JSON": _JSON,
    "URLs": _URLS,
    "IP addresses and places": _ADDRESSES,
    "Hashing": _HASHING,
}

INTERNAL = {
    **_listed(Kind.NUMBER, "uniqExactMerge/1 uniqMerge/1", aggregate=True),
    **_listed(Kind.OTHER, "uniqExactState/1", aggregate=True),
    **_listed(Kind.NUMBER, "finalizeAggregation/1"),
}
"""States of aggregates, as rollups hold them: of use only to who knows what is in them."""
