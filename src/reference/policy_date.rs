//! Dates as operands of policy conditions: more forms than the API's own dates have.

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Seconds since 1970 of an operand: an integer of 64 bits (seconds themselves), or ISO 8601 down to a lone year, with or without
/// time, fraction (at most nine digits) and zone. `None`: no date.
pub(super) fn parse(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().or_else(|| iso(text))
}

/// `number("07", 2, 0..=59)`: digits only, at most that many, within the range.
fn number(text: &str, digits: usize, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    let plain = !text.is_empty() && text.len() <= digits && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|n| plain && range.contains(n))
}

fn iso(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't']).unwrap_or((text, ""));
    let (date, sign) = date.strip_prefix('-').map_or((date, 1), |d| (d, -1));
    let mut parts = date.split('-');
    // The range is that of a millisecond count in 64 bits, which is where the recorded bounds of years come from.
    let year = sign * number(parts.next()?, 9, 0..=292_278_993)?;
    let month = parts.next().map_or(Some(1), |m| number(m, 2, 1..=12))?;
    let day = parts.next().map_or(Some(1), |d| number(d, 2, 1..=31))?;
    if parts.next().is_some() || year < -292_275_054 {
        return None;
    }
    Some(midnight(year, month, day)? + time_of_day(time)?)
}

/// Seconds into the day, in UTC.
fn time_of_day(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let (clock, offset) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => (&text[..at], zone(&text[at..])?),
        None => (text, 0),
    };
    let mut parts = clock.split(':');
    let hours = number(parts.next()?, 2, 0..=23)?;
    let minutes = parts.next().map_or(Some(0), |m| number(m, 2, 0..=59))?;
    let seconds = match parts.next().map(|s| s.split_once('.').unwrap_or((s, "0"))) {
        Some((whole, fraction)) => {
            number(fraction, 9, 0..=999_999_999)?;
            number(whole, 2, 0..=59)?
        }
        None => 0,
    };
    if parts.next().is_some() {
        return None;
    }
    Some(hours * 3600 + minutes * 60 + seconds - offset)
}

/// Offset in seconds of `Z`, `+hh` or `+hh:mm`; both numbers have two digits.
fn zone(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, text) = text.strip_prefix('-').map_or_else(|| (1, &text[1..]), |t| (-1, t));
    let (hours, minutes) = text.split_once(':').unwrap_or((text, "00"));
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    Some(sign * (number(hours, 2, 0..=23)? * 3600 + number(minutes, 2, 0..=59)? * 60))
}

/// Seconds from 1970-01-01 to the first second of a day; a day beyond its month runs into the next. Before the year -9999 and after 9999,
/// where nothing happens that could be compared, every year is that one.
fn midnight(year: i64, month: i64, day: i64) -> Option<i64> {
    let (year, month) = (i32::try_from(year.clamp(-9999, 9999)).ok()?, u8::try_from(month).ok()?);
    let first = time::Date::from_calendar_date(year, time::Month::try_from(month).ok()?, 1).ok()?;
    Some(first.midnight().assume_utc().unix_timestamp() + (day - 1) * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::context::iso_date;

    #[test]
    fn forms_that_are_dates() {
        for (text, seconds) in [
            ("0", 0),
            ("-1", -1),
            ("9223372036854775807", i64::MAX),
            ("1970-01-02T", 86_400),
            ("2019-07", 1_561_939_200),
            ("2019-07-01T13:20:15Z", 1_561_987_215),
            ("2019-07-01T13:20:15.999+02:00", 1_561_980_015),
            ("2019-07-01t3:20-01", 1_561_954_800),
            ("07T", -62_167_219_200 + 7 * 365 * 86_400 + 2 * 86_400),
        ] {
            assert_eq!(parse(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn forms_that_are_none() {
        for text in [
            "",
            "soon",
            "9223372036854775808",
            "2019-13",
            "2019-00-01",
            "2019-01-32",
            "2019-01-01-01",
            "2019-1-1T24:00",
            "2019-01-01T1:60",
            "2019-01-01T1:00:60",
            "2019-01-01T1:00:00.1234567890",
            "2019-01-01T1:00:00+1",
            "2019-01-01T1:00:00+10:5",
            "2019-01-01T1:00:00+é1",
            "2019-01-01T1:00:00:00",
            "2019-01-01TZ",
            "292278994-01-01",
            "-292275055-01-01",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_apis_own_dates_come_back() {
        for seconds in (-4_000_000_000..4_000_000_000).step_by(7_654_321) {
            assert_eq!(parse(&iso_date(seconds)), Some(seconds));
        }
    }
}
