package hotel.engine.speed;

import org.springframework.boot.autoconfigure.jersey.ResourceConfigCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What makes a request cheaper and changes nothing else. */
@Configuration(proxyBeanMethods = false)
class SpeedConfiguration {

    @Bean
    FilterRegistrationBean<ServiceFilter> services() {
        var registration = new FilterRegistrationBean<>(new ServiceFilter());
        registration.setOrder(1);
        registration.addUrlPatterns("/engine-rest/*");
        return registration;
    }

    @Bean
    ResourceConfigCustomizer sharedMapper() {
        return rest -> rest.register(SharedMapper.class);
    }
}
