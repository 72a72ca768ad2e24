"""The functions that a query may call: everything that is not named here is refused.

Never to be listed: what reads files, other tables, dictionaries, the network or the server's own
state, what sleeps or throws, and what takes the name of a function as a value.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace

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


def _listed(result: Kind | None, text: str, **traits: bool) -> dict[str, Function]:
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


_AGGREGATES = {
    **_listed(
        Kind.NUMBER,
        """
        count/0-1 sum/1 avg/1 uniq/1- uniqExact/1- uniqCombined/1- uniqHLL12/1-
        uniqUpTo/1-@1 stddevPop/1 stddevSamp/1 varPop/1 varSamp/1 covarPop/2 covarSamp/2 corr/2
        skewPop/1 skewSamp/1 kurtPop/1 kurtSamp/1 sumWithOverflow/1 sumKahan/1 avgWeighted/2
        quantile/1@0-1 quantileExact/1@0-1 quantileExactInclusive/1@0-1 quantileTDigest/1@0-1 quantileTiming/1@0-1
        quantileDeterministic/2@0-1 quantileExactWeighted/2@0-1 median/1 medianExact/1 entropy/1
        deltaSum/1 deltaSumTimestamp/2 groupBitAnd/1 groupBitOr/1 groupBitXor/1
        windowFunnel/2-@1-4 sequenceCount/2-@1
        """,
        aggregate=True,
    ),
    **_listed(Kind.BOOL, "sequenceMatch/2-@1", aggregate=True),
    **_listed(
        None,
        "min/1 max/1 any/1 anyLast/1 anyHeavy/1 argMin/2 argMax/2 first_value/1 last_value/1",
        aggregate=True,
    ),
    **_listed(
        Kind.ARRAY,
        """
        groupArray/1@0-1 groupUniqArray/1@0-1 groupArrayLast/1@1 groupArrayMovingSum/1@0-1
        groupArrayMovingAvg/1@0-1 groupArraySorted/1@1 groupArrayInsertAt/2 quantiles/1@1-
        quantilesExact/1@1- quantilesTDigest/1@1- topK/1@0-1 topKWeighted/2@0-1 retention/1-
        histogram/1@1
        """,
        aggregate=True,
    ),
    **_listed(
        Kind.OTHER,
        "sumMap/1-2 minMap/1-2 maxMap/1-2 simpleLinearRegression/2",
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
_PLAIN = {
    # arithmetic, mathematics, rounding
    **_listed(
        Kind.NUMBER,
        """
        multiply/2 divide/2 intDiv/2 intDivOrZero/2 modulo/2 positiveModulo/2 negate/1 abs/1 sign/1
        gcd/2 lcm/2 bitAnd/2 bitOr/2 bitXor/2 bitNot/1 bitShiftLeft/2 bitShiftRight/2 bitCount/1
        e/0 pi/0 exp/1 exp2/1 exp10/1 log/1 ln/1 log2/1 log10/1 log1p/1 sqrt/1 cbrt/1 pow/2
        power/2 sin/1 cos/1 tan/1 asin/1 acos/1 atan/1 atan2/2 sinh/1 cosh/1 tanh/1 hypot/2
        degrees/1 radians/1 factorial/1 erf/1 erfc/1 floor/1-2 ceil/1-2 ceiling/1-2 round/1-2
        roundBankers/1-2 trunc/1-2 truncate/1-2 roundDown/2 roundToExp2/1 widthBucket/4
        greatCircleDistance/4 geoDistance/4
        """,
    ),
    **_listed(None, "plus/2 minus/2 least/1- greatest/1-"),
    # conditions
    **_listed(None, "coalesce/1- ifNull/2 nullIf/2 assumeNotNull/1 toNullable/1"),
    **_listed(Kind.OTHER, "if/3 multiIf/3- transform/3-4"),
    **_listed(
        Kind.BOOL,
        """
        isNull/1 isNotNull/1 isZeroOrNull/1 isNaN/1 isFinite/1 isInfinite/1 not/1 xor/2- and/2-
        or/2- equals/2 notEquals/2 less/2 lessOrEquals/2 greater/2 greaterOrEquals/2 empty/1
        notEmpty/1
        """,
    ),
    # conversion
    **_listed(
        Kind.NUMBER,
        """
        toInt/1 toFloat/1 toInt8/1 toInt16/1 toInt32/1 toInt64/1 toInt128/1 toUInt8/1 toUInt16/1 toUInt32/1
        toUInt64/1 toFloat32/1 toFloat64/1 toInt64OrNull/1 toInt64OrZero/1 toInt32OrNull/1
        toInt32OrZero/1 toUInt64OrNull/1 toUInt64OrZero/1 toFloat64OrNull/1 toFloat64OrZero/1
        toFloat32OrNull/1 toDecimal32/2 toDecimal64/2 toDecimal128/2
        """,
    ),
    **_listed(Kind.BOOL, "toBool/1"),
    **_listed(Kind.STRING, "toString/1-2 toTypeName/1 toJSONString/1 hex/1 bin/1 char/1-"),
    **_listed(Kind.UUID, "toUUID/1 toUUIDOrNull/1 generateUUIDv4/0"),
    # dates and times
    **_listed(
        Kind.INSTANT,
        """
        now/0 toDateTime/1-2 toDateTime64/1-3 toDateTimeOrNull/1 parseDateTime/2-3
        parseDateTimeBestEffort/1-2 parseDateTimeBestEffortOrNull/1-2 parseDateTime64BestEffort/1-3
        parseDateTime64BestEffortOrNull/1-3 toStartOfDay/1 toStartOfHour/1 toStartOfMinute/1
        toStartOfSecond/1 toStartOfFiveMinutes/1 toStartOfTenMinutes/1 toStartOfFifteenMinutes/1
        fromUnixTimestamp/1 fromUnixTimestamp64Milli/1 fromUnixTimestamp64Micro/1 toTimeZone/2
        addHours/2 addMinutes/2 addSeconds/2 subtractHours/2 subtractMinutes/2 subtractSeconds/2
        """,
    ),
    **_listed(
        Kind.DATE,
        """
        today/0 yesterday/0 toDate/1 toDate32/1 toDateOrNull/1 toStartOfWeek/1-2 toStartOfMonth/1
        toStartOfQuarter/1 toStartOfYear/1 toStartOfISOYear/1 toMonday/1 toLastDayOfMonth/1
        toLastDayOfWeek/1-2 makeDate/3
        """,
    ),
    **_listed(
        None,
        """
        addDays/2 addWeeks/2 addMonths/2 addQuarters/2 addYears/2 subtractDays/2 subtractWeeks/2
        subtractMonths/2 subtractQuarters/2 subtractYears/2
        """,
    ),
    **_listed(Kind.OTHER, "toStartOfInterval/2 dateTrunc/2"),
    **_listed(
        Kind.NUMBER,
        """
        toYear/1 toQuarter/1 toMonth/1 toWeek/1-2 toISOWeek/1 toISOYear/1 toDayOfYear/1
        toDayOfMonth/1 toDayOfWeek/1-2 toHour/1 toMinute/1 toSecond/1 toMillisecond/1 toYYYYMM/1
        toYYYYMMDD/1 toYYYYMMDDhhmmss/1 toUnixTimestamp/1 toUnixTimestamp64Second/1
        toUnixTimestamp64Milli/1 toUnixTimestamp64Micro/1 dateDiff/3 age/3 timezoneOffset/1
        toRelativeDayNum/1 toRelativeHourNum/1 toRelativeWeekNum/1 toRelativeMonthNum/1
        """,
    ),
    **_listed(
        Kind.OTHER,
        """
        toIntervalSecond/1 toIntervalMinute/1 toIntervalHour/1 toIntervalDay/1 toIntervalWeek/1
        toIntervalMonth/1 toIntervalQuarter/1 toIntervalYear/1
        """,
    ),
    **_listed(Kind.STRING, "formatDateTime/2 dateName/2 monthName/1"),
    # strings and searching
    **_listed(
        Kind.STRING,
        """
        lower/1 upper/1 lowerUTF8/1 upperUTF8/1 trim/1 trimLeft/1 trimRight/1 trimBoth/1 concat/1-
        concatWithSeparator/2- substring/2-3 substringUTF8/2-3 left/2 right/2 leftPad/2-3
        rightPad/2-3 repeat/2 reverse/1 reverseUTF8/1 replace/3 replaceAll/3 replaceOne/3
        replaceRegexpOne/3 replaceRegexpAll/3 extract/2 substringIndex/3 translate/3
        base64Encode/1 base64Decode/1 tryBase64Decode/1 encodeURLComponent/1 decodeURLComponent/1
        initcap/1 soundex/1 toValidUTF8/1 arrayStringConcat/1-2 formatReadableSize/1
        formatReadableQuantity/1 formatReadableTimeDelta/1-2
        """,
    ),
    **_listed(
        Kind.NUMBER,
        """
        length/1 lengthUTF8/1 position/2-3 positionCaseInsensitive/2-3 positionUTF8/2-3
        countSubstrings/2 countMatches/2 levenshteinDistance/2 editDistance/2 ascii/1
        ngramDistance/2 multiSearchFirstIndex/2 multiMatchAnyIndex/2
        """,
    ),
    **_listed(
        Kind.BOOL,
        """
        startsWith/2 endsWith/2 like/2 ilike/2 notLike/2 notILike/2 match/2 multiSearchAny/2
        multiSearchAnyCaseInsensitive/2 multiMatchAny/2 hasToken/2 isValidUTF8/1
        """,
    ),
    **_listed(
        Kind.ARRAY,
        """
        splitByChar/2-3 splitByString/2-3 splitByRegexp/2-3 splitByWhitespace/1 extractAll/2
        alphaTokens/1 extractAllGroups/2 extractGroups/2
        """,
    ),
    # arrays, tuples, maps
    **_listed(
        Kind.ARRAY,
        """
        array/0- arrayMap/2- arrayFilter/2- arraySort/1- arrayReverseSort/1- arrayConcat/1-
        arrayDistinct/1 arrayReverse/1 arraySlice/2-3 arrayPushBack/2 arrayPushFront/2
        arrayPopBack/1 arrayPopFront/1 arrayFlatten/1 arrayCompact/1 arrayEnumerate/1
        arrayEnumerateUniq/1- arrayZip/2- arrayIntersect/1- arrayDifference/1 arrayCumSum/1-
        arrayFill/2- arrayReverseFill/2- arraySplit/2- arrayResize/2-3 arrayWithConstant/2 range/1-3 mapKeys/1
        mapValues/1
        """,
    ),
    **_listed(
        Kind.NUMBER,
        """
        indexOf/2 countEqual/2 arrayCount/1- arraySum/1- arrayAvg/1- arrayUniq/1- arrayProduct/1
        arrayFirstIndex/2- arrayLastIndex/2-
        """,
    ),
    **_listed(
        Kind.BOOL,
        "has/2 hasAny/2 hasAll/2 hasSubstr/2 arrayExists/1- arrayAll/1- mapContains/2",
    ),
    **_listed(
        Kind.OTHER,
        """
        arrayElement/2 arrayElementOrNull/2 arrayJoin/1 arrayFirst/2- arrayLast/2- arrayMin/1-
        arrayMax/1- arrayFold/3- tuple/0- tupleElement/2-3 map/0- mapFromArrays/2
        mapFilter/2 mapApply/2
        """,
    ),
    # JSON
    **_listed(Kind.STRING, "JSONExtractString/1- JSONExtractRaw/1- JSONType/1- JSON_VALUE/2"),
    **_listed(Kind.NUMBER, "JSONExtractInt/1- JSONExtractUInt/1- JSONExtractFloat/1- JSONLength/1-"),
    **_listed(Kind.BOOL, "JSONHas/1- JSONExtractBool/1- isValidJSON/1"),
    **_listed(Kind.ARRAY, "JSONExtractArrayRaw/1- JSONExtractKeys/1- JSONExtractKeysAndValuesRaw/1-"),
    # URLs, addresses, hashes
    **_listed(
        Kind.STRING,
        """
        protocol/1 domain/1 domainWithoutWWW/1 topLevelDomain/1 path/1 pathFull/1 queryString/1
        fragment/1 extractURLParameter/2 cutURLParameter/2 cutQueryString/1 cutFragment/1
        cutWWW/1 firstSignificantSubdomain/1 cutToFirstSignificantSubdomain/1 IPv4NumToString/1
        MD5/1 SHA1/1 SHA256/1
        """,
    ),
    **_listed(Kind.ARRAY, "extractURLParameters/1 extractURLParameterNames/1 URLHierarchy/1"),
    **_listed(
        Kind.NUMBER,
        """
        cityHash64/1- sipHash64/1- xxHash64/1- farmHash64/1- murmurHash3_64/1- IPv4StringToNum/1
        """,
    ),
    **_listed(Kind.BOOL, "isIPv4String/1 isIPv6String/1 isIPAddressInRange/2"),
}

_INTERNAL = {
    **_listed(
        Kind.NUMBER,
        """
        uniqExactMerge/1 uniqMerge/1 countMerge/1 sumMerge/1 avgMerge/1 minMerge/1 maxMerge/1
        quantileExactInclusiveMerge/1@0-1
        """,
        aggregate=True,
    ),
    **_listed(
        Kind.OTHER,
        """
        uniqExactState/1 countState/0 sumState/1 avgState/1 minState/1 maxState/1
        quantileExactInclusiveState/1@0-1
        """,
        aggregate=True,
    ),
    **_listed(Kind.NUMBER, "finalizeAggregation/1"),
}
"""States of aggregates, which rollups hold and insights regroup: of use only to who knows what is in them."""

FUNCTIONS = {**_PLAIN, **_AGGREGATES, **_WINDOW}
_BY_LOWER = {name.lower(): function for name, function in FUNCTIONS.items()}

_COMBINATORS = {"If": 1, "OrNull": 0, "OrDefault": 0, "Distinct": 0, "Array": 0}
"""Suffixes of aggregates, with the arguments that each adds."""

_NEVER_NULL = """
    count countIf uniq uniqIf uniqExact uniqExactIf groupArray groupUniqArray windowFunnel isNull
    isNotNull assumeNotNull empty notEmpty has and or not now today yesterday row_number rank
    dense_rank array tuple JSONExtractString JSONHas
"""
NEVER_NULL = frozenset(_NEVER_NULL.split())
_MAKES_NULL = """
    nullIf toNullable toInt toFloat arrayElementOrNull toUUIDOrNull toInt64OrNull toInt32OrNull
    toUInt64OrNull toFloat64OrNull toFloat32OrNull toDateOrNull toDateTimeOrNull
    parseDateTimeBestEffortOrNull parseDateTime64BestEffortOrNull transform tryBase64Decode
    lagInFrame leadInFrame lag lead nth_value
"""
MAKES_NULL = frozenset(_MAKES_NULL.split())


def find(name: str, *, internal: bool = False) -> Function | None:
    """By exact name, then without regard to case, then as an aggregate with combinators.

    `internal` ones are there for insights only."""
    exact = FUNCTIONS.get(name) or _BY_LOWER.get(name.lower()) or (_INTERNAL.get(name) if internal else None)
    if exact:
        return exact
    for suffix, extra in _COMBINATORS.items():
        stem = name.removesuffix(suffix)
        if stem in ("", name):
            continue
        inner = find(stem, internal=internal)
        if inner and inner.aggregate:
            most = inner.most if inner.most < 0 else inner.most + extra
            return replace(inner, name=inner.name + suffix, least=inner.least + extra, most=most)
    return None


def suggestion(name: str) -> str:
    """` Did you mean “uniq”?`, or nothing."""
    close = difflib.get_close_matches(name.lower(), _BY_LOWER, n=1, cutoff=0.7)
    return f" Did you mean “{_BY_LOWER[close[0]].name}”?" if close else ""
