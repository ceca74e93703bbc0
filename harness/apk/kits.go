package apk

import "strings"

// kits are the packages of known analytics and advertising kits, as their own source or documentation names them.
var kits = [...]struct{ prefix, name string }{
	{"com/sensorsdata/analytics/", "Sensors Analytics"},
	{"com/xiaomi/onetrack/", "Xiaomi OneTrack"},
	{"com/xiaomi/stat/", "Xiaomi MiStat"},
	{"com/xiaomi/mistatistic/", "Xiaomi MiStat"},
	{"com/miui/analytics/", "MIUI Analytics"},
	{"com/google/firebase/analytics/", "Firebase Analytics"},
	{"com/google/android/gms/measurement/", "Google Analytics measurement"},
	{"com/google/firebase/crashlytics/", "Firebase Crashlytics"},
	{"com/google/android/gms/ads/", "Google Mobile Ads"},
	{"com/facebook/appevents/", "Facebook App Events"},
	{"com/appsflyer/", "AppsFlyer"},
	{"com/adjust/sdk/", "Adjust"},
	{"io/branch/referral/", "Branch"},
	{"com/amplitude/", "Amplitude"},
	{"com/mixpanel/android/", "Mixpanel"},
	{"com/segment/analytics/", "Segment"},
	{"com/flurry/", "Flurry"},
	{"io/sentry/", "Sentry"},
	{"com/bugsnag/android/", "Bugsnag"},
	{"com/umeng/analytics/", "Umeng"},
	{"com/umeng/commonsdk/", "Umeng"},
	{"com/tencent/bugly/", "Tencent Bugly"},
	{"com/tencent/beacon/", "Tencent Beacon"},
	{"cn/jpush/android/", "JPush"},
	{"com/tendcloud/tenddata/", "TalkingData"},
	{"com/growingio/android/", "GrowingIO"},
	{"com/baidu/mobstat/", "Baidu Mobstat"},
	{"com/bytedance/applog/", "ByteDance AppLog"},
	{"com/yandex/metrica/", "Yandex AppMetrica"},
	{"io/appmetrica/analytics/", "Yandex AppMetrica"},
	{"com/moengage/", "MoEngage"},
	{"com/clevertap/android/", "CleverTap"},
	{"com/kochava/", "Kochava"},
	{"ly/count/android/sdk/", "Countly"},
	{"org/matomo/sdk/", "Matomo"},
	{"com/snowplowanalytics/", "Snowplow"},
	{"com/appnext/", "Appnext"},
	{"com/applovin/", "AppLovin"},
	{"com/mbridge/msdk/", "Mintegral"},
}

// kitOf returns the kit that a class, "com/example/Name", belongs to.
func kitOf(class string) (string, bool) {
	for _, k := range kits {
		if strings.HasPrefix(class, k.prefix) {
			return k.name, true
		}
	}
	return "", false
}
