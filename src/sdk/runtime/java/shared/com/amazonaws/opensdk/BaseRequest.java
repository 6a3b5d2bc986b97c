package com.amazonaws.opensdk;

public abstract class BaseRequest {
    private SdkRequestConfig sdkRequestConfig = SdkRequestConfig.builder().build();

    public SdkRequestConfig sdkRequestConfig() {
        return sdkRequestConfig;
    }

    public BaseRequest sdkRequestConfig(SdkRequestConfig config) {
        this.sdkRequestConfig = config;
        return this;
    }
}
