package hotel.engine.speed;

import com.zaxxer.hikari.HikariDataSource;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** What makes a request cheaper and changes nothing else. */
@Configuration(proxyBeanMethods = false)
class SpeedConfiguration {

    private static final String POSTGRESQL = "jdbc:postgresql:";

    @Bean
    FilterRegistrationBean<ServiceFilter> services() {
        var registration = new FilterRegistrationBean<>(new ServiceFilter());
        registration.setOrder(1);
        registration.addUrlPatterns("/engine-rest/*");
        return registration;
    }

    /** Settings of PostgreSQL's driver, which other drivers would refuse; what the URL says goes before them. */
    @Bean
    static BeanPostProcessor driverProperties(Environment environment) {
        return new BeanPostProcessor() {
            @Override
            public Object postProcessBeforeInitialization(Object bean, String name) {
                if (bean instanceof HikariDataSource pool && String.valueOf(pool.getJdbcUrl()).startsWith(POSTGRESQL)) {
                    for (var pair : environment.getProperty("hotel.engine.database-properties", "").split("&")) {
                        var parts = pair.split("=", 2);
                        if (parts.length == 2) {
                            pool.addDataSourceProperty(parts[0], parts[1]);
                        }
                    }
                }
                return bean;
            }
        };
    }
}
